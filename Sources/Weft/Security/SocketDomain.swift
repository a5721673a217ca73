// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a socket that others connect to is for; the authenticator is told, so that it is known who has come in where.
enum SocketDomain: String, Sendable {
    /// The ROUTER of the control plane.
    case control = "weft.control"
    /// The XPUB of the event stream.
    case events = "weft.events"
    /// The coordinator's PULL.
    case sink = "weft.sink"
    /// The PULL of a worker.
    case dispatch = "weft.dispatch"
}
