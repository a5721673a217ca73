// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Locking

/// What waits for the reader of a stream, bounded in number and in bytes.
final class StreamBuffer<Element: Sendable>: Sendable {
    private struct State {
        var waiting: Deque<(element: Element, cost: Int)> = []
        var bytes = 0
        var dropped = 0
        var isFinished = false
        var readers = Waiters<Element?>()
        var writers = Waiters<Void>()
    }

    private let keepsNewest: Bool
    private let maximumCount: Int
    private let maximumBytes: Int
    private let state = Locked(State())

    init(_ buffering: EventBuffering, maximumBytes: Int) {
        switch buffering.base {
        case .newest(let count): (self.keepsNewest, self.maximumCount) = (true, count)
        case .oldest(let count): (self.keepsNewest, self.maximumCount) = (false, count)
        case .holdingBack: (self.keepsNewest, self.maximumCount) = (false, EventBus.Defaults.streamAhead)
        }
        self.maximumBytes = maximumBytes
    }

    var droppedCount: Int { self.state.withLock { $0.dropped } }

    /// Whether so much waits that it may no longer keep whole batches' bytes alive.
    var isBackedUp: Bool { self.state.withLock { $0.waiting.count >= EventBus.Defaults.sharedBacklog } }

    /// Takes an element, and drops one if there is no room.
    ///
    /// - Returns: How many were dropped.
    func append(_ element: Element, cost: Int) -> Int {
        // What is dropped leaves the lock first: its deinit may run users' code, which may come back here.
        let (reader, dropped) = self.state.withLock { state -> (CheckedContinuation<Element?, Never>?, [Element]) in
            if state.isFinished { return (nil, []) }
            if let reader = state.readers.popFirst() { return (reader, []) }
            var dropped: [Element] = []
            if self.keepsNewest {
                while !self.hasRoom(state, for: cost), let oldest = state.waiting.popFirst() {
                    state.bytes -= oldest.cost
                    dropped.append(oldest.element)
                }
            } else if !self.hasRoom(state, for: cost) {
                state.dropped += 1
                return (nil, [element])
            }
            state.waiting.append((element, cost))
            state.bytes += cost
            state.dropped += dropped.count
            return (nil, dropped)
        }
        reader?.resume(returning: element)
        return dropped.count
    }

    /// Takes an element as soon as there is room; drops it when the task is cancelled or nobody reads any more.
    func appendWhenRoom(_ element: Element, cost: Int) async {
        while true {
            let (isTaken, reader, writer) = self.state.withLock {
                state -> (Bool, CheckedContinuation<Element?, Never>?, CheckedContinuation<Void, Never>?) in
                if state.isFinished { return (true, nil, nil) }
                // One reader wakes one writer; who leaves room wakes the next, or nobody would.
                if let reader = state.readers.popFirst() { return (true, reader, state.writers.popFirst()) }
                guard self.hasRoom(state, for: cost) else { return (false, nil, nil) }
                state.waiting.append((element, cost))
                state.bytes += cost
                return (true, nil, self.hasRoom(state, for: 1) ? state.writers.popFirst() : nil)
            }
            reader?.resume(returning: element)
            writer?.resume()
            if isTaken || Task.isCancelled { return }
            await self.roomMade(for: cost)
        }
    }

    /// The next element; nil when the task is cancelled or the stream has ended.
    func next() async -> Element? {
        let id = self.state.withLock { $0.readers.makeID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, writer) = self.state.withLock { state -> (Element??, CheckedContinuation<Void, Never>?) in
                    if Task.isCancelled { return (.some(nil), nil) }
                    if let first = state.waiting.popFirst() {
                        state.bytes -= first.cost
                        return (.some(first.element), state.writers.popFirst())
                    }
                    if state.isFinished { return (.some(nil), nil) }
                    state.readers.add(id, continuation)
                    return (nil, nil)
                }
                writer?.resume()
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.state.withLock { $0.readers.remove(id) }?.resume(returning: nil)
        }
    }

    func finish() {
        let (readers, writers) = self.state.withLock { state in
            state.isFinished = true
            return (state.readers.removeAll(), state.writers.removeAll())
        }
        for reader in readers { reader.resume(returning: nil) }
        for writer in writers { writer.resume() }
    }

    private func hasRoom(_ state: borrowing State, for cost: Int) -> Bool {
        state.waiting.count < self.maximumCount
            && (state.bytes + cost <= self.maximumBytes || state.waiting.isEmpty)
    }

    private func roomMade(for cost: Int) async {
        let id = self.state.withLock { $0.writers.makeID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = self.state.withLock { state in
                    if Task.isCancelled || state.isFinished || self.hasRoom(state, for: cost) { return true }
                    state.writers.add(id, continuation)
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.writers.remove(id) }?.resume()
        }
    }
}
