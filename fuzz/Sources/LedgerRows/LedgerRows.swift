// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import GRDB
import WeftBus
import WeftProtocol
import WeftValue

@testable import WeftSQLite

/// A row of a ledger's file with anything in its columns: it is a record that can be written and read again, or damaged.
@main
enum LedgerRows: FuzzTarget {
    /// A ledger with one task, in memory.
    private static let database: DatabaseQueue = {
        do {
            let database = try DatabaseQueue(configuration: LedgerSchema.configuration)
            try LedgerSchema.migrator().migrate(database)
            try database.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO tasks (seq, id, state, accepted, source, queue, status) VALUES (1, '', '', 0, '', '', x'');
                        INSERT INTO payloads (seq, task) VALUES (1, x'');
                        INSERT INTO reports (seq, id, item) VALUES (1, '', x'');
                        """)
            }
            return database
        } catch {
            fatalError("no database: \(error)")
        }
    }()

    static func check(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        let columns = (0..<4).map { _ in Self.column(&source) }
        do {
            try Self.database.inTransaction { db in
                try Self.check(columns, db)
                return .rollback
            }
        } catch {
            // What a column may not hold is refused, and what it can't hold is damage that is named.
            expect(
                error is LedgerError || error is TaskPlaneError || error is MessagePackError || error is DatabaseError,
                "a known error, not \(error)")
        }
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        var task = TaskSubmission(payload: ["text": "x"])
        task.id = "t-1"
        var full = task
        full.agentID = "agent"
        full.key = "k"
        full.priority = -3
        full.attempts = 2
        full.notBefore = Date(timeIntervalSince1970: 5.5)
        full.timeLimit = .seconds(3)
        full.after = ["t-0"]
        var status = LedgerStatus(acceptedAt: Date(timeIntervalSince1970: 1_800_000_000))
        let fresh = status
        status.state = .completed
        status.attempt = 2
        status.epoch = TaskEpoch(ledgerID: "L", counter: 7)
        status.worker = NodeID(bytes: Array(0..<16))
        status.handlerFailures = 1
        status.outcome = .completed(TaskResult("done", status: "completed", tokens: ["a": 1], usedTools: ["t"]))
        status.history = [
            TaskAttempt(attempt: 1, worker: status.worker, startedAt: nil, endedAt: status.acceptedAt, error: "broken")
        ]
        var failed = status
        failed.state = .dead
        failed.outcome = .failed(TaskFailure("no", retry: .at(Date(timeIntervalSince1970: 9))))
        let executing = ReportItem(taskID: "t-1", agentID: "agent", content: .executing)
        let final = ReportItem(
            taskID: "t-1", agentID: "agent", requeues: 2,
            content: .final(
                status: "completed", result: "r", tokens: ["a": 1], usedTools: ["t"], format: "json",
                task: ["id": "t-1"]))
        return [(task, fresh, executing), (full, status, final), (full, failed, final)].map { task, status, report in
            [.text("t-1"), .blob(task.value), .blob(status.value), .blob(report.value)].flatMap { (part: Part) in
                part.bytes
            }
        }
    }

    private enum Part {
        case text(String)
        case blob(Value)

        var bytes: [UInt8] {
            switch self {
            case .text(let text): [4] + ByteSource.block(Array(text.utf8))
            case .blob(let value): [0] + ByteSource.block(Array(LedgerBlob.data(value)))
            }
        }
    }

    /// A column's value, of any of SQLite's types; mostly bytes.
    private static func column(_ source: inout ByteSource) -> DatabaseValue {
        switch source.below(8) {
        case 4, 5: String(decoding: source.block(), as: UTF8.self).databaseValue
        case 6: Int64(bitPattern: source.number()).databaseValue
        case 7: source.bool() ? .null : Double(bitPattern: source.number()).databaseValue
        default: Data(source.block()).databaseValue
        }
    }

    private static func check(_ columns: [DatabaseValue], _ db: Database) throws {
        try Self.put(columns, db)
        if let row = try Row.fetchOne(db, sql: "SELECT item FROM reports") {
            let item = try? ReportItem(value: LedgerBlob.value(row.column("item")))
            if let item {
                let again = try ReportItem(value: LedgerBlob.value(LedgerBlob.data(item.value)))
                expect(LedgerBlob.data(again.value) == LedgerBlob.data(item.value), "a report comes back")
            }
        }
        guard let record = try Self.record(db) else { return }
        // Whoever reads a record writes it again: as it was, whatever else the columns say.
        try Self.put(
            [
                columns[0], LedgerBlob.data(record.task.value).databaseValue,
                LedgerBlob.data(record.status.value).databaseValue, columns[3],
            ], db)
        let again = try Self.record(db)
        expect(again.map(Self.blobs) == Self.blobs(record), "a record comes back")
    }

    private static func put(_ columns: [DatabaseValue], _ db: Database) throws {
        try db.execute(sql: "DELETE FROM payloads")
        try db.execute(sql: "UPDATE tasks SET id = ?, status = ?", arguments: [columns[0], columns[2]])
        if !columns[1].isNull {
            try db.execute(sql: "INSERT INTO payloads (seq, task) VALUES (1, ?)", arguments: [columns[1]])
        }
        try db.execute(sql: "UPDATE reports SET item = ?", arguments: [columns[3]])
    }

    /// Read twice, as a ledger does: row by row from the statement, and from a copy of the row.
    private static func record(_ db: Database) throws -> TaskRecord? {
        let sql = "SELECT \(LedgerRow.columns) FROM \(LedgerRow.tables)"
        let rows = try Row.fetchCursor(db, sql: sql)
        var record: TaskRecord?
        while let row = try rows.next() { record = try LedgerRow.record(row) }
        let copy = try Row.fetchOne(db, sql: sql).map { try LedgerRow.record($0) }
        expect(copy.map(Self.blobs) == record.map(Self.blobs), "a row is the same from a cursor and alone")
        return record
    }

    private static func blobs(_ record: TaskRecord) -> Data {
        LedgerBlob.data(record.value)
    }
}
