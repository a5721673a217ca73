// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Locking
import WeftProtocol

/// What has been received and not yet handed to the bus: the socket loop appends, one delivery task takes.
///
/// The queue itself never refuses; ``append(_:)`` says when it is over its bound, and the loop then stops reading events
/// until ``next()`` has made room, so that the sockets' queues fill and this node becomes a slow peer.
final class DeliveryQueue: Sendable {
    private struct State {
        var queue: Deque<MeshDelivery> = []
        var bytes = 0
        var isOver = false
        var isFinished = false
        var waiter: CheckedContinuation<MeshDelivery?, Never>?
    }

    private let state = Locked(State())
    private let bound: Int
    private let onRoom: @Sendable () -> Void

    /// Creates an empty queue.
    ///
    /// - Parameters:
    ///   - bound: From how many bytes on it is over its bound.
    ///   - onRoom: Called, from the delivery task, when it is no longer.
    init(bound: Int, onRoom: @escaping @Sendable () -> Void) {
        self.bound = bound
        self.onRoom = onRoom
    }

    /// The bytes that wait.
    var depth: Int { self.state.withLock { $0.bytes } }

    /// Adds a delivery.
    ///
    /// - Returns: Whether there is room for more.
    func append(_ delivery: MeshDelivery) -> Bool {
        let (waiter, hasRoom) = self.state.withLock { state -> (CheckedContinuation<MeshDelivery?, Never>?, Bool) in
            guard !state.isFinished else { return (nil, true) }
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, true)
            }
            state.queue.append(delivery)
            state.bytes += delivery.byteCount
            state.isOver = state.isOver || state.bytes > self.bound
            return (nil, !state.isOver)
        }
        waiter?.resume(returning: delivery)
        return hasRoom
    }

    /// The oldest delivery, when there is one; nil after ``finish()`` when all have been taken.
    ///
    /// Only one task may wait here.
    func next() async -> MeshDelivery? {
        await withCheckedContinuation { continuation in
            let (delivery, answers, madeRoom) = self.state.withLock { state -> (MeshDelivery?, Bool, Bool) in
                guard let delivery = state.queue.popFirst() else {
                    if state.isFinished { return (nil, true, false) }
                    state.waiter = continuation
                    return (nil, false, false)
                }
                state.bytes -= delivery.byteCount
                let madeRoom = state.isOver && state.bytes <= self.bound / 2
                if madeRoom { state.isOver = false }
                return (delivery, true, madeRoom)
            }
            if madeRoom { self.onRoom() }
            if answers { continuation.resume(returning: delivery) }
        }
    }

    /// Ends the queue: what is in it is still handed out, and nothing more is taken.
    func finish() {
        let waiter = self.state.withLock { state in
            state.isFinished = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}
