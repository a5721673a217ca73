// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Locking
import Synchronization
import WeftBus
import WeftProtocol
import WeftValue

/// What this node has emitted and not yet sent: any thread appends, the socket loop drains.
///
/// An event is written straight into the batch that will be sent (smart batching): what has piled up when the loop comes
/// round leaves as one message, and when nothing is waiting each event leaves at once. A batch closes at
/// ``WireFormat/batchClosesAt`` bytes, or with one larger event.
///
/// Above the high-water mark whoever emits is held back, for a bounded time and counted; the node stays within its
/// memory, and nobody else is held up.
final class EventOutbox: EventPort {
    /// How long one emit is held back at most: as long as a silent peer is waited for.
    static let longestWait: Duration = MeshDefaults.deadAfter

    /// How often the high-water mark held somebody back.
    struct Counters: Sendable {
        /// Emits that waited.
        var held: UInt64 = 0
        /// Emits that went on over the mark, because the wait was over.
        var overflowed: UInt64 = 0
    }

    private struct Waiter {
        var deadline: MonotonicTime
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var builder: EventBatchBuilder
        /// How large the batch in `builder` is.
        var open = 0
        /// Closed batches, with the sequence of their last event.
        var closed: Deque<EventBatch> = []
        /// Bytes in `closed`, in `builder`, and handed to the loop but not yet taken by the socket.
        var bytes = 0
        var next: UInt64 = 1
        var waiters: Deque<Waiter> = []
        var isFinished = false
        /// Whether the loop knows that something waits: it has been woken, or comes round for it at a time of its own.
        var isExpected = false
        /// Whether it has been woken for a closed batch.
        var isUrgent = false
        var counters = Counters()

        func isFull(_ mark: Int) -> Bool { self.bytes >= mark && !self.isFinished }
    }

    private let state: Locked<State>
    /// Whether the high-water mark is reached, for those who cannot wait for the lock to know.
    private let isFull = Atomic(false)
    private let highWaterMark: Int
    private let now: @Sendable () -> MonotonicTime
    private let wake: @Sendable () -> Void

    /// Creates an empty outbox.
    ///
    /// - Parameters:
    ///   - origin: The node whose stream this is.
    ///   - highWaterMark: From how many waiting bytes on emitters are held back.
    ///   - now: The clock.
    ///   - wake: Makes the loop drain soon; called from any thread, outside the lock.
    init(
        origin: NodeID, highWaterMark: Int, now: @escaping @Sendable () -> MonotonicTime,
        wake: @escaping @Sendable () -> Void
    ) {
        self.state = Locked(State(builder: EventBatchBuilder(origin: origin)))
        self.highWaterMark = highWaterMark
        self.now = now
        self.wake = wake
    }

    // MARK: From any thread

    func append(name: EventName, arguments: EventArguments, microsecondsSince1970 time: Int64) -> UInt64 {
        self.append(name, arguments.size) { builder, sequence in
            builder.append(name: name.rawValue, arguments: arguments, time: time, sequence: sequence)
            return builder.byteCount
        }
    }

    func append(
        name: EventName, arguments bytes: [UInt8], _ part: Range<Int>, microsecondsSince1970 time: Int64
    ) -> UInt64 {
        self.append(name, part.count) { builder, sequence in
            builder.append(name: name.rawValue, arguments: bytes, part, time: time, sequence: sequence)
        }
    }

    /// - Parameter write: Writes the event, and says how large the batch is then.
    @inline(__always)
    private func append(
        _ name: EventName, _ size: Int, _ write: (inout EventBatchBuilder, _ sequence: UInt64) -> Int
    ) -> UInt64 {
        let (sequence, wakes) = self.state.withLockInlined { state -> (UInt64, Bool) in
            if state.open > 0, state.open + size + name.rawValue.utf8.count > WireFormat.batchClosesAt {
                Self.close(&state)
            }
            let sequence = state.next
            let open = write(&state.builder, sequence)
            state.next += 1
            state.bytes += open - state.open
            state.open = open
            if state.bytes >= self.highWaterMark { self.updateFullness(state) }
            // The loop comes round by itself soon, unless there is enough for a whole message, or nothing was there before.
            guard !state.isExpected || (!state.isUrgent && !state.closed.isEmpty) else { return (sequence, false) }
            state.isExpected = true
            state.isUrgent = !state.closed.isEmpty
            return (sequence, true)
        }
        if wakes { self.wake() }
        return sequence
    }

    var hasRoom: Bool { !self.isFull.load(ordering: .relaxed) }

    private func updateFullness(_ state: borrowing State) {
        self.isFull.store(state.isFull(self.highWaterMark), ordering: .relaxed)
    }

    func waitForRoom() async {
        guard self.state.withLock({ $0.isFull(self.highWaterMark) }) else { return }
        let deadline = self.now() + Self.longestWait
        await withCheckedContinuation { continuation in
            let goesOn = self.state.withLock { state in
                guard state.isFull(self.highWaterMark) else { return true }
                state.counters.held += 1
                state.waiters.append(Waiter(deadline: deadline, continuation: continuation))
                return false
            }
            if goesOn { continuation.resume() }
        }
    }

    func waitForRoomBlocking() {
        let isFull = self.state.withLock { state in
            guard state.isFull(self.highWaterMark) else { return false }
            state.counters.held += 1
            return true
        }
        guard isFull else { return }
        let mark = self.highWaterMark
        if self.state.waitAndLock(timeout: Self.longestWait, until: { !$0.isFull(mark) }, { _ in }) == nil {
            self.state.withLock { $0.counters.overflowed += 1 }
        }
    }

    /// The sequence of the last event emitted; 0 before the first.
    var head: UInt64 { self.state.withLock { $0.next - 1 } }

    /// The bytes that wait.
    var depth: Int { self.state.withLock { $0.bytes } }

    /// What the high-water mark did.
    var counters: Counters { self.state.withLock { $0.counters } }

    // MARK: From the loop

    /// What the loop finds.
    enum Taken {
        /// The oldest batch; its bytes count as waiting until ``sent(_:)``.
        case batch(EventBatch)
        /// Events that may go on gathering; nobody wakes the loop for them any more.
        case unripe
        case nothing
    }

    /// Takes the oldest batch.
    ///
    /// - Parameter includingOpen: Whether also one that events could still be added to.
    func take(includingOpen: Bool) -> Taken {
        self.state.withLock { state in
            if state.closed.isEmpty {
                state.isUrgent = false
                guard !state.builder.isEmpty else {
                    state.isExpected = false
                    return .nothing
                }
                guard includingOpen else { return .unripe }
                Self.close(&state)
            }
            return state.closed.popFirst().map(Taken.batch) ?? .nothing
        }
    }

    /// The socket has taken a batch.
    func sent(_ batch: EventBatch) {
        let resumed = self.state.withLock { state in
            state.bytes -= batch.byteCount
            self.updateFullness(state)
            return self.takeWaiters(&state) { _ in true }
        }
        self.resume(resumed)
    }

    /// Lets those go on who have waited long enough.
    func expireWaits(at time: MonotonicTime) {
        let resumed = self.state.withLock { state in
            guard state.isFull(self.highWaterMark) else { return self.takeWaiters(&state) { _ in true } }
            let expired = self.takeWaiters(&state, evenIfFull: true) { $0.deadline <= time }
            state.counters.overflowed += UInt64(expired.count)
            return expired
        }
        self.resume(resumed)
    }

    /// Nobody waits any more, whatever is in here.
    func finish() {
        let resumed = self.state.withLock { state in
            state.isFinished = true
            self.updateFullness(state)
            return self.takeWaiters(&state) { _ in true }
        }
        self.resume(resumed)
    }

    // MARK: Inside

    private static func close(_ state: inout State) {
        guard !state.builder.isEmpty else { return }
        state.closed.append(state.builder.finishBatch())
        state.open = 0
    }

    private func takeWaiters(
        _ state: inout State, evenIfFull: Bool = false, while goesOn: (Waiter) -> Bool
    ) -> [CheckedContinuation<Void, Never>] {
        guard evenIfFull || !state.isFull(self.highWaterMark) else { return [] }
        var taken: [CheckedContinuation<Void, Never>] = []
        while let waiter = state.waiters.first, goesOn(waiter) {
            taken.append(waiter.continuation)
            state.waiters.removeFirst()
        }
        return taken
    }

    private func resume(_ continuations: [CheckedContinuation<Void, Never>]) {
        self.state.wakeWaiters()
        for continuation in continuations { continuation.resume() }
    }
}
