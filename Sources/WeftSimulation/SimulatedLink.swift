// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftProtocol

/// One socket's connection to another: in order, lost only when it closes.
///
/// As with ZeroMQ, what the connecting side has queued and not yet sent outlives a connection that closes, and goes out over the next.
struct SimulatedLink {
    enum Direction: Hashable {
        /// From a worker to the coordinator at an address.
        case up(worker: Int, address: Int)
        /// From a coordinator in its epoch to a worker.
        case down(worker: Int, epoch: TaskEpoch)
    }

    enum Message {
        case up(WorkerMessage)
        case down(CoordinatorMessage)
    }

    let direction: Direction
    var queue: Deque<(due: UInt64, message: Message)> = []
    /// Whether the connection stands.
    var isUp = false
    /// Whether the connecting side is gone: what is still on its way arrives, nothing follows.
    var isAbandoned = false
    /// Whether nothing arrives any more at all.
    var isDead = false
    /// Until when nothing comes through.
    var frozenUntil: UInt64 = 0
    var lastDue: UInt64 = 0
    var isScheduled = false

    var worker: Int {
        switch self.direction {
        case .up(let worker, _), .down(let worker, _): worker
        }
    }
}
