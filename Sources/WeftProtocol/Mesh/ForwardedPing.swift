// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// A ping that this node has sent for another one.
struct ForwardedPing {
    /// The member that was pinged.
    var member: NodeID
    /// Where the answer goes.
    var link: MeshLink
    /// The number under which it was asked for.
    var number: UInt64
    /// When nobody waits for the answer any more.
    var deadline: MonotonicTime
}
