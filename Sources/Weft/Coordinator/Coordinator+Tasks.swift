// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Logging
public import WeftProtocol

extension Coordinator {
    /// Takes a task; when this returns, the task is in the ledger.
    ///
    /// - Parameter task: The task.
    /// - Returns: Where the task is in its life: further than `queued` when the same id was submitted before.
    /// - Throws: ``TaskRefusal`` when the task is not taken.
    public func submit(_ task: TaskSubmission) async throws -> TaskState {
        if self.dispatcher?.mustLookUp(task.id) ?? false { try await self.waitForLedger() }
        let stored = try await self.lookUp(task.id)
        var predecessors: [String: TaskRecord] = [:]
        for id in task.after.prefix(TaskDefaults.maximumPredecessors) { predecessors[id] = try await self.lookUp(id) }
        guard self.phase == .running else {
            throw TaskRefusal(.unavailable, "The coordinator is not running; submit again later.")
        }
        return try await withCheckedThrowingContinuation { continuation in
            self.acceptances[task.id, default: []].append(continuation)
            self.step { dispatcher, now in
                dispatcher.accept(task, stored: stored, predecessors: predecessors, at: now)
            }
        }
    }

    /// Makes what many tasks are submitted with, by the process that the coordinator is in.
    nonisolated public func makeFlow() -> TaskFlow {
        TaskFlow(self)
    }

    /// Takes tasks; when this returns, those that were taken are in the ledger.
    func submit(_ tasks: [TaskSubmission], of flow: TaskFlow) async throws -> [Result<TaskState, TaskRefusal>] {
        guard !tasks.isEmpty else { return [] }
        var intake: [TaskIntake] = []
        intake.reserveCapacity(tasks.count)
        if let ledger = self.immediate {
            for task in tasks {
                let stored = self.dispatcher?.mustLookUp(task.id) ?? false ? ledger.taskNow(task.id) : nil
                var predecessors: [String: TaskRecord] = [:]
                for id in task.after.prefix(TaskDefaults.maximumPredecessors) {
                    predecessors[id] = self.dispatcher?.mustLookUp(id) ?? false ? ledger.taskNow(id) : nil
                }
                intake.append(TaskIntake(task, stored: stored, predecessors: predecessors, tag: flow.tag))
            }
        } else {
            try await self.waitForLedger()
            var ids: [String] = []
            for task in tasks {
                ids.append(task.id)
                ids += task.after.prefix(TaskDefaults.maximumPredecessors)
            }
            let found = try await self.lookUp(ids)
            intake = tasks.map { task in
                var predecessors: [String: TaskRecord] = [:]
                for id in task.after.prefix(TaskDefaults.maximumPredecessors) { predecessors[id] = found[id] }
                return TaskIntake(task, stored: found[task.id], predecessors: predecessors, tag: flow.tag)
            }
        }
        guard self.phase == .running else {
            throw TaskRefusal(.unavailable, "The coordinator is not running; submit again later.")
        }
        if self.flows[flow.tag] == nil { self.flows[flow.tag] = WeakFlow(flow: flow) }
        var answers: [Result<TaskState, TaskRefusal>] = []
        self.step { dispatcher, now in
            let accepted = dispatcher.accept(intake, at: now)
            answers = accepted.answers
            return accepted.actions
        }
        // With a ledger that need not be waited for it is written by now.
        guard self.performedSteps < self.queuedSteps else { return answers }
        return try await withCheckedThrowingContinuation { continuation in
            self.answering.append(
                AcceptanceBatch(step: self.queuedSteps, answers: answers, continuation: continuation))
        }
    }

    /// Looks up those of many tasks that the dispatcher does not hold.
    private func lookUp(_ ids: [String]) async throws -> [String: TaskRecord] {
        let unknown = ids.filter { self.dispatcher?.mustLookUp($0) ?? false }
        guard !unknown.isEmpty else { return [:] }
        do {
            var found = try await self.ledger.tasks(withIDs: unknown)
            // What came, ran and ended meanwhile is looked up as a single one is.
            for id in unknown where self.dispatcher?.hasEnded(id) ?? false { found[id] = try await self.lookUp(id) }
            return found
        } catch let error as LedgerError where error.code == .unavailable {
            throw TaskRefusal(.unavailable, "The ledger cannot be read now; try again later. \(error)")
        }
    }

    /// The record of a task, finished or not; nil when there is none.
    public func task(_ id: String) async throws -> TaskRecord? {
        if let record = self.dispatcher?.record(of: id) { return record }
        return try await self.ledger.task(id)
    }

    /// Waits for a task's end.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - limit: How long to wait.
    /// - Returns: The record, not final when the time ran out; nil when there is no such task.
    public func outcome(of id: String, within limit: Duration) async throws -> TaskRecord? {
        let deadline = MonotonicTime.now + limit
        while true {
            let left = deadline - MonotonicTime.now
            if self.dispatcher?.record(of: id) != nil {
                if let record = await self.waitForEnd(of: id, until: deadline) { return record }
            }
            let stored = try await self.task(id)
            guard let stored, !stored.status.state.isFinal, left > .zero, self.phase != .stopped else { return stored }
            // Decided, and just being written.
            _ = await self.waitUntil(within: left) { $0.hasPerformedAll }
        }
    }

    private func waitForEnd(of id: String, until deadline: MonotonicTime) async -> TaskRecord? {
        await withCheckedContinuation { continuation in
            self.endWaiters[id, default: []].append((continuation, deadline))
        }
    }

    func expireEndWaiters() {
        let now = MonotonicTime.now
        for (id, waiters) in self.endWaiters where waiters.contains(where: { $0.deadline <= now }) {
            let left = waiters.filter { $0.deadline > now }
            self.endWaiters[id] = left.isEmpty ? nil : left
            for waiter in waiters where waiter.deadline <= now { waiter.continuation.resume(returning: nil) }
        }
    }

    /// What the ledger has under an id that the dispatcher does not hold.
    func lookUp(_ id: String) async throws -> TaskRecord? {
        guard self.dispatcher?.mustLookUp(id) ?? false else { return nil }
        do {
            let stored = try await self.ledger.task(id)
            guard self.dispatcher?.hasEnded(id) ?? false, !(stored?.status.state.isFinal ?? false) else {
                return stored
            }
            // It came, ran and ended while it was looked up: the ledger is about to have it.
            _ = await self.waitUntil(within: .seconds(5)) { $0.hasPerformedAll }
            return try await self.ledger.task(id)
        } catch let error as LedgerError where error.code == .unavailable {
            throw TaskRefusal(.unavailable, "The ledger cannot be read now; try again later. \(error)")
        }
    }

    /// The same for what will not come again: tried until the ledger can be read.
    func lookUpPatiently(_ id: String) async throws -> TaskRecord? {
        while true {
            do {
                return try await self.lookUp(id)
            } catch let refusal as TaskRefusal where refusal.code == .unavailable {
                self.logger.error("The ledger cannot be read; trying again", metadata: ["error": "\(refusal)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
