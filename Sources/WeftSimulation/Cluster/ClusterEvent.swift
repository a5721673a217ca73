// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Something that happens at a time in a simulated cluster.
struct ClusterEvent: Comparable {
    enum Kind {
        case step(Int)
        case begin(seat: Int, samePort: Bool)
        case tick(Int)
        /// The first message of one direction of a connection arrives.
        case deliver(Int, isBack: Bool)
        case connect(Int)
        /// A connection in its so manieth life closes.
        case breaks(Int, life: Int)
        /// A node's bus takes what waits for it.
        case bus(Int)
        /// A node whose outbox waits for its slowest peer looks again.
        case drain(Int)
        /// All that left on a goodbye has had its time.
        case exit(Int)
        case check
    }

    /// Microseconds since the schedule's begin.
    let time: UInt64
    /// Among events of one time the order in which they were planned.
    let order: UInt64
    let kind: Kind

    static func < (left: Self, right: Self) -> Bool { (left.time, left.order) < (right.time, right.order) }
    static func == (left: Self, right: Self) -> Bool { left.order == right.order }
}
