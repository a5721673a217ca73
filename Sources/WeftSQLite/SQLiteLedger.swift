// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
public import WeftProtocol
import WeftValue

/// A ledger in one SQLite file, which outlives its coordinator.
///
/// What must be durable has reached the disk when a write returns (`synchronous=FULL`); leases and starts are written without
/// waiting for the disk (`NORMAL`), since losing one to a failure of the machine costs another attempt and no more. Writes that come
/// together share one transaction. The file belongs to one coordinator at a time: a lock beside it names who has it, and the epoch inside it fences
/// whoever had it before.
public final class SQLiteLedger: Ledger {
    /// Always true.
    public let isDurable = true
    /// Where the file is.
    public let path: String
    private let pool: DatabasePool
    private let lock: LedgerLock
    private let finishedKept: Int
    private let finishedFor: Double

    /// Opens the file, or makes it.
    ///
    /// - Parameters:
    ///   - path: Where the file is; the system keeps two more beside it while it is open, and the lock.
    ///   - finishedKept: How many finished tasks are kept; the oldest go first, dead letters stay.
    ///   - finishedFor: For how long finished tasks are kept, in seconds.
    /// - Throws: ``LedgerError``: `foreign` for a file that is something else or of a later version, `damaged`, `inUse`, or `unavailable`. The
    ///   file is left as it was.
    public init(
        path: String, finishedKept: Int = TaskDefaults.finishedKept, finishedFor: Double = 7 * 24 * 3600
    ) throws(LedgerError) {
        self.path = path
        self.finishedKept = max(0, finishedKept)
        self.finishedFor = finishedFor
        self.lock = try LedgerLock(path: path + ".lock")
        do {
            try LedgerSchema.check(path)
            self.pool = try DatabasePool(path: path, configuration: LedgerSchema.configuration)
            try LedgerSchema.prepare(self.pool, path: path)
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }

    /// Takes the ledger and raises its epoch.
    public func open() async throws -> LedgerState {
        try await self.mapped {
            try await self.pool.write { db in
                try Self.trim(db, keeping: self.finishedKept, for: self.finishedFor)
                try db.execute(sql: "UPDATE ledger SET epoch = epoch + 1")
                guard let row = try Row.fetchOne(db, sql: "SELECT id, epoch FROM ledger") else {
                    throw LedgerError(.damaged, "\(self.path) has lost the row that names it.")
                }
                let epoch = TaskEpoch(ledgerID: row["id"], counter: UInt64(clamping: row["epoch"] as Int64))
                let finals = TaskState.allCases.filter(\.isFinal).map(\.rawValue)
                let marks = finals.map { _ in "?" }.joined(separator: ", ")
                let unfinished = try Row.fetchAll(
                    db, sql: "SELECT task, status FROM tasks WHERE state NOT IN (\(marks)) ORDER BY seq",
                    arguments: StatementArguments(finals)
                ).map { try Self.record($0) }
                let reports = try Row.fetchAll(db, sql: "SELECT item FROM reports ORDER BY seq").map {
                    try ReportItem(value: LedgerBlob.value($0["item"]))
                }
                return LedgerState(epoch: epoch, unfinished: unfinished, reports: reports)
            }
        }
    }

    /// Writes all the changes or none, in one transaction.
    public func write(_ changes: [LedgerChange], epoch: TaskEpoch) async throws {
        let isDurable = changes.contains(where: \.mustBeDurable)
        try await self.mapped {
            try await self.pool.writeWithoutTransaction { db in
                try db.execute(sql: isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
                try db.inTransaction(.immediate) {
                    let row = try Row.fetchOne(db, sql: "SELECT id, epoch FROM ledger")
                    guard let row, row["id"] == epoch.ledgerID,
                        UInt64(clamping: row["epoch"] as Int64) == epoch.counter
                    else {
                        let found = row.map { "\($0["id"] as String)/\($0["epoch"] as Int64)" } ?? "none"
                        throw LedgerError(
                            .superseded, "The ledger is at epoch \(found), the write came from epoch \(epoch).")
                    }
                    for change in changes { try Self.apply(change, to: db) }
                    return .commit
                }
            }
        }
    }

    /// The task with an id; nil when the ledger has none, or no longer.
    public func task(_ id: String) async throws -> TaskRecord? {
        try await self.mapped {
            try await self.pool.read { db in
                try Row.fetchOne(db, sql: "SELECT task, status FROM tasks WHERE id = ?", arguments: [id]).map {
                    try Self.record($0)
                }
            }
        }
    }

    /// The tasks in the given states, the oldest first.
    public func tasks(in states: Set<TaskState>, limit: Int) async throws -> [TaskRecord] {
        guard limit > 0, !states.isEmpty else { return [] }
        let marks = Array(repeating: "?", count: states.count).joined(separator: ", ")
        return try await self.mapped {
            try await self.pool.read { db in
                try Row.fetchAll(
                    db, sql: "SELECT task, status FROM tasks WHERE state IN (\(marks)) ORDER BY seq LIMIT \(limit)",
                    arguments: StatementArguments(states.map(\.rawValue))
                ).map { try Self.record($0) }
            }
        }
    }

    /// The tasks that match a filter, page by page.
    public func tasks(matching filter: TaskFilter) async throws -> LedgerPage {
        guard filter.limit > 0, !filter.states.isEmpty else { return LedgerPage(records: []) }
        let states = filter.states.map(\.rawValue)
        var clauses = ["state IN (\(states.map { _ in "?" }.joined(separator: ", ")))"]
        var arguments = StatementArguments(states)
        if let cursor = filter.after {
            clauses.append(filter.isNewestFirst ? "seq < ?" : "seq > ?")
            arguments += [cursor.order]
        }
        if let prefix = filter.idPrefix, !prefix.isEmpty {
            clauses.append("substr(id, 1, ?) = ?")
            arguments += [prefix.unicodeScalars.count, prefix]
        }
        let sql =
            "SELECT seq, task, status FROM tasks WHERE \(clauses.joined(separator: " AND ")) ORDER BY seq \(filter.isNewestFirst ? "DESC" : "ASC")"
        return try await self.mapped { [arguments] in
            try await self.pool.read { db in
                var page = LedgerPage(records: [])
                var last: Int64?
                let rows = try Row.fetchCursor(db, sql: sql, arguments: arguments)
                while let row = try rows.next() {
                    let record = try Self.record(row)
                    guard filter.matches(record) else { continue }
                    if page.records.count == filter.limit {
                        page.next = last.map { TaskFilter.Cursor(order: $0) }
                        break
                    }
                    page.records.append(record)
                    last = row["seq"]
                }
                return page
            }
        }
    }

    /// Closes the file and gives up the lock; nothing can be written afterwards.
    public func close() async {
        // What a failed close leaves is what a crash would leave, and the next opening mends that.
        _ = try? await self.pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        try? self.pool.close()
        self.lock.release()
    }

    // MARK: - Inside

    private func mapped<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw LedgerError(sqlite: error, path: self.path)
        }
    }

    private static func record(_ row: Row) throws -> TaskRecord {
        TaskRecord(
            task: try TaskSubmission(value: LedgerBlob.value(row["task"])),
            status: try LedgerStatus(value: LedgerBlob.value(row["status"])))
    }

    private static func apply(_ change: LedgerChange, to db: Database) throws {
        switch change {
        case .accepted(let record):
            let status = record.status
            try db.execute(
                sql: """
                    INSERT INTO tasks (id, state, updated, task, status) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET state = excluded.state, updated = excluded.updated,
                        task = excluded.task, status = excluded.status
                    """,
                arguments: [
                    record.task.id, status.state.rawValue, status.updatedAt.timeIntervalSince1970,
                    LedgerBlob.data(record.task.value), LedgerBlob.data(status.value),
                ])
        case .status(let id, let status):
            try db.execute(
                sql: "UPDATE tasks SET state = ?, updated = ?, status = ? WHERE id = ?",
                arguments: [
                    status.state.rawValue, status.updatedAt.timeIntervalSince1970, LedgerBlob.data(status.value), id,
                ])
            guard db.changesCount == 1 else {
                throw LedgerError(.invalidChange, "The ledger has no task \(id) whose status could change.")
            }
        case .report(let item):
            try db.execute(
                sql: "INSERT OR REPLACE INTO reports (id, item) VALUES (?, ?)",
                arguments: [item.id, LedgerBlob.data(item.value)])
        case .reported(let id):
            try db.execute(sql: "DELETE FROM reports WHERE id = ?", arguments: [id])
        case .removed(let id):
            try db.execute(sql: "DELETE FROM tasks WHERE id = ?", arguments: [id])
        }
    }

    /// Drops finished tasks that are too old or too many; dead letters are for people to drop.
    private static func trim(_ db: Database, keeping count: Int, for age: Double) throws {
        let ended = [TaskState.completed, .cancelled, .expired].map(\.rawValue)
        try db.execute(
            sql: "DELETE FROM tasks WHERE state IN (?, ?, ?) AND updated < ?",
            arguments: [ended[0], ended[1], ended[2], Date().timeIntervalSince1970 - age])
        try db.execute(
            sql: """
                DELETE FROM tasks WHERE seq IN (
                    SELECT seq FROM tasks WHERE state IN (?, ?, ?) ORDER BY updated DESC LIMIT -1 OFFSET ?)
                """,
            arguments: [ended[0], ended[1], ended[2], count])
    }
}
