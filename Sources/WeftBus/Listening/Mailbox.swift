// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Locking
import Synchronization

/// What waits for one asynchronous listener: in order and one at a time for each origin, bounded for all together.
final class Mailbox: Sendable {
    struct Job: Sendable {
        let emission: Emission
        /// Whether an `error` handler emitted this, so that a failure ends here.
        let isHandlingError: Bool
    }

    /// What waits for one of those who keep their order, as long as something does; touched only under the lock.
    private final class Lane {
        let id: NodeID
        var jobs: Deque<Job> = []
        var running = 0

        init(_ id: NodeID) {
            self.id = id
        }
    }

    private struct State {
        var lanes: [NodeID: Lane] = [:]
        /// The one that was used last: most often it is the next one, too.
        var last: Lane?
        var count = 0
        var bytes = 0
        var waiters = Waiters<Bool>()

        mutating func lane(_ id: NodeID) -> Lane {
            if let last = self.last, last.id == id { return last }
            let lane = self.lanes[id] ?? Lane(id)
            self.lanes[id] = lane
            self.last = lane
            return lane
        }

        mutating func remove(_ lane: Lane) {
            self.lanes[lane.id] = nil
            self.last = nil
        }
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    /// How many handlers may run at once: one per origin, or this many of all origins.
    private let concurrency: Int
    private let state = Locked(State())
    /// How many wait, for those who need not know exactly.
    private let waiting = Atomic(0)

    init(maximumCount: Int, maximumBytes: Int, concurrency: Int) {
        self.maximumCount = max(1, maximumCount)
        self.maximumBytes = max(1, maximumBytes)
        self.concurrency = max(1, concurrency)
    }

    /// Takes a job if there is room.
    func offer(_ job: Job, for listener: Listener, on bus: EventBus) -> Bool {
        let lane = self.concurrency == 1 ? job.emission.lane : .none
        let cost = job.emission.cost
        let (isTaken, starts) = self.state.withLockInlined { state -> (Bool, Bool) in
            guard self.hasRoom(state, for: cost) else { return (false, false) }
            state.count += 1
            state.bytes += cost
            self.waiting.store(state.count, ordering: .relaxed)
            let lane = state.lane(lane)
            lane.jobs.append(job)
            guard lane.running < self.concurrency else { return (true, false) }
            lane.running += 1
            return (true, true)
        }
        if starts {
            // A bus works without being run by anyone, so there is no task group to do this in. The task lives only
            // while something waits in its lane; detached, so that it does not inherit one emitter's task-locals and
            // priority for all the others' events.
            Task.detached { await self.work(lane, listener, bus) }
        }
        return isTaken
    }

    /// Takes a job as soon as there is room.
    ///
    /// - Returns: False when the task was cancelled while it waited; then the job was not taken.
    func append(_ job: Job, for listener: Listener, on bus: EventBus) async -> Bool {
        let cost = job.emission.cost
        while !self.offer(job, for: listener, on: bus) {
            guard await self.roomMade(for: cost) else { return false }
        }
        // One finished job wakes one who waits; who leaves room wakes the next.
        let next = self.state.withLock { self.hasRoom($0, for: 1) ? $0.waiters.popFirst() : nil }
        next?.resume(returning: true)
        return true
    }

    /// Whether so much waits that it may no longer keep whole batches' bytes alive.
    var isBackedUp: Bool { self.waiting.load(ordering: .relaxed) >= EventBus.Defaults.sharedBacklog }

    private func hasRoom(_ state: borrowing State, for cost: Int) -> Bool {
        state.count < self.maximumCount && (state.bytes + cost <= self.maximumBytes || state.count == 0)
    }

    private func roomMade(for cost: Int) async -> Bool {
        let id = self.state.withLock { $0.waiters.makeID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = self.state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    if self.hasRoom(state, for: cost) { return true }
                    state.waiters.add(id, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.remove(id) }?.resume(returning: false)
        }
    }

    private func work(_ lane: NodeID, _ listener: Listener, _ bus: EventBus) async {
        while let job = self.next(lane) {
            await bus.run(job, listener)
        }
    }

    private func next(_ lane: NodeID) -> Job? {
        let (job, waiter) = self.state.withLockInlined { state -> (Job?, CheckedContinuation<Bool, Never>?) in
            let lane = state.lane(lane)
            guard let job = lane.jobs.popFirst() else {
                lane.running -= 1
                if lane.running == 0 { state.remove(lane) }
                return (nil, nil)
            }
            state.count -= 1
            state.bytes -= job.emission.cost
            self.waiting.store(state.count, ordering: .relaxed)
            return (job, state.waiters.popFirst())
        }
        waiter?.resume(returning: true)
        return job
    }
}
