// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftBus
package import WeftProtocol
import WeftValue

/// What the rows of a ledger cost SQLite alone: the same tables and statements, nothing decided, encoded or sent.
package struct LedgerBaseline {
    private static let inserts = [
        "INSERT INTO tasks (id, state, ended, accepted, source, queue, status) VALUES (?, ?, NULL, ?, ?, ?, ?)",
        "INSERT INTO payloads (seq, task) VALUES (?, ?)",
    ]
    private static let update = "UPDATE tasks SET state = ?, status = ? WHERE id = ?"
    private static let end = "UPDATE tasks SET state = ?, ended = ?, status = ? WHERE id = ?"
    /// The changes of a task's life, after its acceptance.
    private static let states: [TaskState] = [.leased, .running, .completed]

    private let task: Data
    private let statuses: [Data]

    /// Prepares the rows.
    ///
    /// - Parameter task: What a task is like.
    package init(_ task: TaskSubmission) {
        self.task = LedgerBlob.data(task.value)
        var status = LedgerStatus(acceptedAt: Date())
        var statuses = [LedgerBlob.data(status.value)]
        for state in Self.states {
            status.state = state
            status.attempt = 1
            status.epoch = TaskEpoch(ledgerID: UUID().uuidString.lowercased(), counter: 1)
            status.worker = NodeID(bytes: [UInt8](repeating: 7, count: 16))
            status.attemptStartedAt = status.acceptedAt
            status.hasBegun = state != .leased
            if state == .completed { status.outcome = .completed(TaskResult(.null)) }
            statuses.append(LedgerBlob.data(status.value))
        }
        self.statuses = statuses
    }

    /// The bytes of a task as it is written.
    package var taskBytes: Int { self.task.count }
    /// The bytes of a task's status when it is accepted, and after each change.
    package var statusBytes: [Int] { self.statuses.map(\.count) }

    /// Writes rows, flat out.
    ///
    /// - Parameters:
    ///   - path: A file that is not there yet; it is left behind.
    ///   - synchronous: What each transaction waits for.
    ///   - rows: How many rows a transaction has.
    ///   - seconds: For how long.
    /// - Returns: Rows a second: an accepted task is one, each change of its status another.
    package func rowsPerSecond(
        path: String, synchronous: LedgerSynchronous, rows: Int, seconds: Double
    ) async throws -> Double {
        let pool = try DatabasePool(path: path, configuration: LedgerSchema.configuration)
        try LedgerSchema.prepare(pool)
        let count = try await pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = \(synchronous.rawValue)")
            return try self.write(db, rows: max(1, rows), seconds: seconds)
        }
        try pool.close()
        return count
    }

    private func write(_ db: Database, rows: Int, seconds: Double) throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        // As a coordinator would: some are accepted, then dealt, then started, then ended.
        let wave = 64
        var ids: [String] = []
        var stage = 0
        var index = 0
        var count = 0
        while start.duration(to: clock.now) < .seconds(seconds) {
            try db.inTransaction(.immediate) {
                for _ in 0..<rows {
                    if stage == 0 { ids.append(UUID().uuidString.lowercased()) }
                    try self.writeRow(ids[index], stage, db)
                    count += 1
                    index += 1
                    guard index == wave else { continue }
                    index = 0
                    stage += 1
                    guard stage == self.statuses.count else { continue }
                    stage = 0
                    ids = []
                }
                return .commit
            }
        }
        return Double(count) / (start.duration(to: clock.now) / .seconds(1))
    }

    private func writeRow(_ id: String, _ stage: Int, _ db: Database) throws {
        let now = Date().timeIntervalSince1970
        switch stage {
        case 0:
            try db.cachedStatement(sql: Self.inserts[0])
                .execute(arguments: [id, "queued", now, "submit", "default", self.statuses[0]])
            try db.cachedStatement(sql: Self.inserts[1]).execute(arguments: [db.lastInsertedRowID, self.task])
        case 3:
            try db.cachedStatement(sql: Self.end).execute(arguments: ["completed", now, self.statuses[3], id])
        default:
            try db.cachedStatement(sql: Self.update)
                .execute(arguments: [Self.states[stage - 1].rawValue, self.statuses[stage], id])
        }
    }
}
