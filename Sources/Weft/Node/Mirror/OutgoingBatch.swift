// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A closed batch on its way to the socket.
struct OutgoingBatch: Sendable {
    /// The sequence of its first event.
    var first: UInt64
    /// The sequence of its last event.
    var last: UInt64
    /// The frame as it is published.
    var frame: [UInt8]
}
