// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftProtocol
import WeftValue

/// Applies changes to a ledger's file; a copy is used for one transaction, and kept when that is committed.
struct LedgerWriter: Sendable {
    /// How many finished tasks there are that need not be kept for ever.
    private(set) var finished: Int
    /// How many have ended since the last trimming.
    private var ended = 0
    private var trimmedAt = Date.distantPast
    private let kept: Int
    private let keptFor: Double

    /// The states whose tasks are dropped when they are too old or too many; dead letters are for people to drop.
    static let trimmed: [TaskState] = [.completed, .cancelled, .expired]
    private static let trimmedList = Self.trimmed.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    /// A step of trimming takes no more tasks than this, or twice as many as have ended since the one before.
    static let step = 64
    /// … and no more bytes than this, unless a single task is larger.
    private static let stepBytes = 4 << 20

    /// Looks at how much there is.
    init(_ db: Database, keeping count: Int, for age: Double) throws {
        self.kept = count
        self.keptFor = age
        self.finished =
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM tasks WHERE ended IS NOT NULL AND state IN (\(Self.trimmedList))") ?? 0
    }

    // MARK: - Changes

    mutating func apply(_ change: LedgerChange, to db: Database) throws {
        switch change {
        case .accepted(let record): try self.accept(record, db)
        case .status(let id, let status): try self.update(id, status, db)
        case .report(let item):
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO reports (id, item) VALUES (?, ?)")
                .execute(arguments: [item.id, LedgerBlob.data(item.value)])
        case .reported(let id):
            try db.cachedStatement(sql: "DELETE FROM reports WHERE id = ?").execute(arguments: [id])
        case .removed(let id):
            guard let known = try Self.find(id, db) else { return }
            self.note(known.state, nil)
            try Self.remove(known.seq, db)
        }
    }

    private mutating func accept(_ record: TaskRecord, _ db: Database) throws {
        let task = record.task
        let status = record.status
        let known = try Self.find(task.id, db)
        self.note(known?.state, status.state)
        let columns: StatementArguments = [
            task.id, status.state.rawValue, Self.end(of: status), status.acceptedAt.timeIntervalSince1970,
            task.source.rawValue, task.queue, task.agentID, task.name, task.key, LedgerBlob.data(status),
        ]
        let seq: Int64
        if let known {
            seq = known.seq
            try db.cachedStatement(
                sql: """
                    UPDATE tasks SET id = ?, state = ?, ended = ?, accepted = ?, source = ?, queue = ?, agent = ?,
                        name = ?, key = ?, status = ? WHERE seq = ?
                    """
            ).execute(arguments: columns + [seq])
        } else {
            try db.cachedStatement(
                sql: """
                    INSERT INTO tasks (id, state, ended, accepted, source, queue, agent, name, key, status)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: columns)
            seq = db.lastInsertedRowID
        }
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO payloads (seq, task) VALUES (?, ?)")
            .execute(arguments: [seq, LedgerBlob.data(task)])
    }

    private mutating func update(_ id: String, _ status: LedgerStatus, _ db: Database) throws {
        let blob = LedgerBlob.data(status)
        if status.state.isFinal {
            try db.cachedStatement(
                sql: "UPDATE tasks SET state = ?, ended = ?, status = ? WHERE id = ? AND ended IS NULL"
            ).execute(arguments: [status.state.rawValue, Self.end(of: status), blob, id])
        } else {
            // Without a word about `ended`, so that no index is touched.
            try db.cachedStatement(sql: "UPDATE tasks SET state = ?, status = ? WHERE id = ? AND ended IS NULL")
                .execute(arguments: [status.state.rawValue, blob, id])
        }
        if db.changesCount == 1 { return self.note(nil, status.state) }
        guard let known = try Self.find(id, db) else {
            throw LedgerError(.invalidChange, "The ledger has no task \(id) whose status could change.")
        }
        self.note(known.state, status.state)
        try db.cachedStatement(sql: "UPDATE tasks SET state = ?, ended = ?, status = ? WHERE seq = ?")
            .execute(arguments: [status.state.rawValue, Self.end(of: status), blob, known.seq])
    }

    private static func end(of status: LedgerStatus) -> Double? {
        status.state.isFinal ? status.updatedAt.timeIntervalSince1970 : nil
    }

    private static func find(_ id: String, _ db: Database) throws -> (seq: Int64, state: TaskState?)? {
        let statement = try db.cachedStatement(sql: "SELECT seq, state FROM tasks WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map {
            (try $0.column("seq"), TaskState(rawValue: try $0.column("state")))
        }
    }

    private static func remove(_ seq: Int64, _ db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM tasks WHERE seq = ?").execute(arguments: [seq])
        try db.cachedStatement(sql: "DELETE FROM payloads WHERE seq = ?").execute(arguments: [seq])
    }

    /// Counts a task that was in one state and is now in another.
    private mutating func note(_ old: TaskState?, _ new: TaskState?) {
        if let old, Self.trimmed.contains(old) { self.finished -= 1 }
        if let new, Self.trimmed.contains(new) {
            self.finished += 1
            self.ended += 1
        }
    }

    // MARK: - Trimming

    /// Drops finished tasks that are too old or too many, no more of them than a write can carry without being noticed.
    ///
    /// - Parameters:
    ///   - db: The file, in a transaction.
    ///   - now: The time.
    ///   - step: At most so many, or twice as many as have ended since the last time.
    /// - Returns: Whether there may be more.
    @discardableResult
    mutating func trim(_ db: Database, at now: Date, step: Int = Self.step) throws -> Bool {
        let surplus = self.finished - self.kept
        // Age is looked at once a second: the question costs a little, and nobody needs it sharper.
        let isSecond = abs(now.timeIntervalSince(self.trimmedAt)) >= 1
        guard surplus > 0 || isSecond else { return false }
        let limit = max(step, 2 * self.ended)
        self.ended = 0
        // What the platform has not been told must stay: the task would be taken for a new one when it comes again.
        let sql = """
            SELECT tasks.seq, tasks.ended, length(tasks.status) + coalesce(length(payloads.task), 0) AS bytes
            FROM tasks INDEXED BY tasks_ended LEFT JOIN payloads ON payloads.seq = tasks.seq
            WHERE tasks.ended IS NOT NULL AND tasks.state = ? AND NOT EXISTS (
                SELECT 1 FROM reports WHERE reports.id > tasks.id || '/' AND reports.id < tasks.id || '0')
            ORDER BY tasks.ended LIMIT ?
            """
        var oldest: [(seq: Int64, ended: Double, bytes: Int)] = []
        for state in Self.trimmed {
            let rows = try Row.fetchCursor(
                try db.cachedStatement(sql: sql), arguments: [state.rawValue, limit])
            while let row = try rows.next() {
                oldest.append((try row.column("seq"), try row.column("ended"), try row.column("bytes")))
            }
        }
        oldest.sort { $0.ended < $1.ended }
        let horizon = now.timeIntervalSince1970 - self.keptFor
        var bytes = 0
        var dropped = 0
        for task in oldest where dropped < surplus || task.ended < horizon {
            guard dropped < limit, dropped == 0 || bytes + task.bytes <= Self.stepBytes else { return true }
            try Self.remove(task.seq, db)
            bytes += task.bytes
            dropped += 1
            self.finished -= 1
        }
        // As long as a step is used up there may be more, and the next write goes on.
        if dropped < limit { self.trimmedAt = now }
        return dropped == limit
    }
}
