// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol
import WeftValue

extension Node {
    /// A part of what the coordinator's ledger has.
    ///
    /// ```swift
    /// var filter = TaskFilter(states: [.dead])
    /// repeat {
    ///     let page = try await node.tasks(matching: filter)
    ///     for record in page.tasks { print(record.task.id) }
    ///     filter.after = page.next
    /// } while filter.after != nil
    /// ```
    ///
    /// - Parameters:
    ///   - filter: Which tasks; its limit bounds the page, which may be shorter still.
    ///   - limit: How long to wait for a coordinator.
    public func tasks(matching filter: TaskFilter, within limit: Duration = .seconds(10)) async throws -> TaskPage {
        try TaskPage(value: try await self.callCoordinator("task.list", ["f": filter.value], within: limit))
    }

    /// Lets a task run again that is dead, cancelled or expired, or one that waits for its time run now.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - limit: How long to wait for a coordinator.
    /// - Returns: Where the task is in its life now.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it is in no such state.
    @discardableResult
    public func retryTask(_ id: String, within limit: Duration = .seconds(10)) async throws -> TaskState {
        try await self.retryTasks([id], within: limit).single(id)
    }

    /// Lets tasks run again; see ``retryTask(_:within:)``.
    ///
    /// - Returns: What became of each, in the order of the ids.
    public func retryTasks(
        _ ids: [String], within limit: Duration = .seconds(10)
    ) async throws -> [TaskActionReport] {
        try await self.act("task.retry", on: ids, within: limit)
    }

    /// Lets a dead letter run again.
    ///
    /// - Returns: Where the task is in its life now.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it is no dead letter.
    @discardableResult
    public func requeue(_ id: String, within limit: Duration = .seconds(10)) async throws -> TaskState {
        try await self.requeue([id], within: limit).single(id)
    }

    /// Lets dead letters run again.
    ///
    /// - Returns: What became of each, in the order of the ids.
    public func requeue(_ ids: [String], within limit: Duration = .seconds(10)) async throws -> [TaskActionReport] {
        try await self.act("dead.requeue", on: ids, within: limit)
    }

    /// Forgets a dead letter for good.
    ///
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it is no dead letter.
    public func drop(_ id: String, within limit: Duration = .seconds(10)) async throws {
        if let refusal = try await self.drop([id], within: limit).first?.refusal { throw refusal }
    }

    /// Forgets dead letters for good.
    ///
    /// - Returns: What became of each, in the order of the ids.
    public func drop(_ ids: [String], within limit: Duration = .seconds(10)) async throws -> [TaskActionReport] {
        try await self.act("dead.drop", on: ids, within: limit)
    }

    /// Cancels tasks; see ``cancelTask(_:reason:within:)``.
    ///
    /// - Returns: What became of each, in the order of the ids.
    public func cancelTasks(
        _ ids: [String], reason: String, within limit: Duration = .seconds(10)
    ) async throws -> [TaskActionReport] {
        try await self.act("task.cancel", on: ids, reason: reason, within: limit)
    }

    private func act(
        _ method: String, on ids: [String], reason: String? = nil, within limit: Duration
    ) async throws -> [TaskActionReport] {
        var reports: [TaskActionReport] = []
        var rest = ids[...]
        while !rest.isEmpty {
            let batch = rest.prefix(TaskCalls.batch)
            rest = rest.dropFirst(batch.count)
            let body = makeMap(["l": .array(batch.map(Value.string)), "m": reason.map(Value.string)])
            for report in try await self.callCoordinator(method, body, within: limit).arrayValue ?? [] {
                reports.append(try TaskActionReport(value: report))
            }
        }
        return reports
    }
}

extension [TaskActionReport] {
    /// What became of the only task.
    fileprivate func single(_ id: String) throws -> TaskState {
        if let refusal = self.first?.refusal { throw refusal }
        guard let state = self.first?.state else {
            throw TaskRefusal(.unavailable, "The coordinator's answer cannot be read; it may run another version.")
        }
        return state
    }
}

extension TaskPage {
    /// The page as an answer carries it.
    var value: Value {
        makeMap([
            "t": .array(self.tasks.map(\.value)), "x": .array(self.shortened.sorted().map(Value.string)),
            "n": self.next?.value,
        ])
    }

    init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "page")
        var tasks: [TaskRecord] = []
        for task in try fields.array("t") { tasks.append(try TaskRecord(value: task)) }
        self.init(tasks: tasks, shortened: Set(try fields.strings("x")))
        if let next = fields.optional("n") { self.next = try TaskFilter.Cursor(value: next) }
    }
}
