// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
public import WeftProtocol

extension Coordinator {
    /// A part of what the ledger has.
    ///
    /// - Parameter filter: Which tasks; its limit bounds the page, which is shorter still when the records are large.
    public func tasks(matching filter: TaskFilter) async throws -> TaskPage {
        var filter = filter
        filter.limit = max(1, min(filter.limit, TaskCalls.pageRecords))
        await self.written()
        let found = try await self.ledger.tasks(matching: filter)
        var page = TaskPage(tasks: [], next: found.next)
        var bytes = 0
        for record in found.records {
            let (listed, isShortened) = TaskCalls.listed(record)
            bytes += TaskCalls.approximateBytes(of: listed)
            guard page.tasks.isEmpty || bytes <= TaskCalls.pageBytes else {
                // Only the ledger can say where a shorter page ends.
                filter.limit = page.tasks.count
                page.next = try await self.ledger.tasks(matching: filter).next
                break
            }
            page.tasks.append(listed)
            if isShortened { page.shortened.insert(record.task.id) }
        }
        return page
    }

    /// Lets a task run again that is dead, cancelled or expired, or one that waits for its time run now.
    ///
    /// - Parameter id: The task's id.
    /// - Returns: Where the task is in its life now.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it is in no such state.
    @discardableResult
    public func retry(_ id: String) async throws -> TaskState {
        try await self.requeue(try await self.current(id))
    }

    /// Lets a dead letter run again.
    ///
    /// - Parameter id: The task's id.
    /// - Returns: Where the task is in its life now.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it is no dead letter.
    @discardableResult
    public func requeue(_ id: String) async throws -> TaskState {
        try await self.requeue(try await self.deadLetter(id))
    }

    /// Forgets a dead letter for good.
    ///
    /// - Parameter id: The task's id.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it is no dead letter.
    public func drop(_ id: String) async throws {
        let record = try await self.deadLetter(id)
        _ = try await self.answer(to: id) { dispatcher, now in dispatcher.drop(record, at: now) }
    }

    /// Cancels a task: at once when nobody runs it, otherwise as soon as its handler has stopped; when this returns, it is in the ledger.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - reason: Why.
    /// - Returns: Where the task is in its life now: `cancelled`, or still with its worker.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it has ended.
    @discardableResult
    public func cancel(_ id: String, reason: String) async throws -> TaskState {
        let record = try await self.current(id)
        guard !record.status.state.isFinal else {
            throw TaskRefusal(.invalid, "The task has ended already: it is \(record.status.state.rawValue).")
        }
        self.step { dispatcher, now in dispatcher.cancel(id, reason: reason, at: now) }
        await self.written()
        return try await self.task(id)?.status.state ?? .cancelled
    }

    private func requeue(_ record: TaskRecord) async throws -> TaskState {
        try await self.answer(to: record.task.id) { dispatcher, now in dispatcher.requeue(record, at: now) }
    }

    /// Steps, and waits for what is said about the task.
    private func answer(
        to id: String, _ body: (inout Dispatcher, Moment) -> [DispatcherAction]
    ) async throws -> TaskState {
        guard self.phase == .running else {
            throw TaskRefusal(.unavailable, "The coordinator is not running; ask again later.")
        }
        try await self.waitForLedger()
        return try await withCheckedThrowingContinuation { continuation in
            self.acceptances[id, default: []].append(continuation)
            self.step(body)
        }
    }

    private func deadLetter(_ id: String) async throws -> TaskRecord {
        let record = try await self.current(id)
        guard record.status.state == .dead else {
            throw TaskRefusal(.invalid, "The task is no dead letter: it is \(record.status.state.rawValue).")
        }
        return record
    }

    /// The record of a task as it stands, which the ledger has in full.
    private func current(_ id: String) async throws -> TaskRecord {
        if let record = self.dispatcher?.record(of: id) { return record }
        // Its end may be decided and just being written.
        await self.written()
        guard let record = try await self.task(id) else {
            throw TaskRefusal(.unknown, "The coordinator's ledger has no task with this id.")
        }
        return record
    }

    /// Returns when all that has been decided so far is in the ledger, or the ledger could not be written for some time.
    func written() async {
        let mark = self.queuedSteps
        guard self.performedSteps < mark else { return }
        _ = await self.waitUntil(within: .seconds(60)) {
            $0.performedSteps >= mark || $0.isTroubledForLong
        }
    }
}
