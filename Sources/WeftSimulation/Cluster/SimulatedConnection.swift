// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftProtocol

/// One connection between two processes, which the dialling side opens again whenever it closes.
struct SimulatedConnection {
    enum Purpose: Hashable {
        /// From a DEALER to a ROUTER, with the number that the dialler gave it.
        case control(UInt32)
        /// From a SUB to a publisher.
        case events
    }

    enum Content {
        case control(ControlMessage)
        case frame(PublishedFrame)
        /// A subscription to the probes meant for the dialler.
        case subscription
    }

    /// One direction; it keeps its order.
    struct Channel {
        var queue: Deque<(due: UInt64, content: Content)> = []
        var isScheduled = false
        var lastDue: UInt64 = 0
    }

    let dialer: Int
    let address: Int
    let purpose: Purpose
    /// The process at the other end; nil while there is no connection.
    var acceptor: Int?
    /// Whether the dialler has closed it.
    var isClosed = false
    /// Whether the publisher has seen the subscription.
    var isSubscribed = false
    /// How often it has been opened.
    var life = 0
    var outward = Channel()
    var back = Channel()
}
