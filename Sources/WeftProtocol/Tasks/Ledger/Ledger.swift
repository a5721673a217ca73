// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The record of every accepted task and what became of it.
///
/// One coordinator at a time writes to a ledger. Opening it begins a new epoch; whoever still writes with an older one is
/// refused. Nothing here assumes that the ledger is a local file.
public protocol Ledger: Sendable {
    /// Whether what is written outlives the process.
    var isDurable: Bool { get }

    /// Takes the ledger: raises the epoch, and gives back what is unfinished.
    ///
    /// - Throws: LedgerError when there is no taking it.
    func open() async throws -> LedgerState

    /// Writes all the changes or none.
    ///
    /// Returns when they are as safe as they must be: a change that LedgerChange/mustBeDurable has reached the disk of a
    /// durable ledger.
    ///
    /// - Throws: LedgerError; with code superseded when epoch is no longer the ledger's.
    func write(_ changes: [LedgerChange], epoch: TaskEpoch) async throws

    /// The task with an id, finished or not; nil when the ledger has none, or no longer.
    func task(_ id: String) async throws -> TaskRecord?

    /// The tasks with these ids, finished or not, by id; what the ledger has not, or no longer, is missing.
    func tasks(withIDs ids: [String]) async throws -> [String: TaskRecord]

    /// The tasks that match a filter, page by page.
    ///
    /// - Parameter filter: Which tasks, in which order, how many, and from where on.
    func tasks(matching filter: TaskFilter) async throws -> LedgerPage

    /// How many tasks there are in each state; states without tasks are missing.
    func counts() async throws -> [TaskState: Int]

    /// Ends the use of the ledger.
    func close() async
}

extension Ledger {
    /// The tasks with these ids, looked up one by one.
    public func tasks(withIDs ids: [String]) async throws -> [String: TaskRecord] {
        var records: [String: TaskRecord] = [:]
        for id in ids { records[id] = try await self.task(id) }
        return records
    }

    /// The tasks in the given states, the oldest first.
    ///
    /// - Parameters:
    ///   - states: The states that are wanted.
    ///   - limit: At most so many.
    public func tasks(in states: Set<TaskState>, limit: Int) async throws -> [TaskRecord] {
        var filter = TaskFilter(states: states, limit: limit)
        filter.isNewestFirst = false
        return try await self.tasks(matching: filter).records
    }
}
