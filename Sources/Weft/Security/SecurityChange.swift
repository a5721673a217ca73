// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ZeroMQ

/// What has changed about keys, for those who own sockets.
struct SecurityChange: Sendable {
    /// Keys that are trusted no longer and have come in, by where.
    var gone: [SocketDomain: Set<CurvePublicKey>] = [:]
    /// Whether this node has another key of its own.
    var isRotated = false

    /// Whether the connections that others have opened to such a socket must end.
    func ends(_ domain: SocketDomain) -> Bool {
        self.isRotated || self.gone[domain]?.isEmpty == false
    }
}
