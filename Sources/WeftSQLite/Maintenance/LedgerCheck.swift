// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
public import WeftProtocol
import WeftValue

extension SQLiteLedger {
    /// Looks at all of a ledger's file, reading only; a coordinator may have it meanwhile.
    ///
    /// - Parameter path: Where the file is.
    /// - Throws: ``LedgerError``: `foreign`, `damaged` or `unavailable` when it cannot be read as a ledger at all.
    public static func check(_ path: String) throws(LedgerError) -> LedgerReport {
        guard try LedgerFile.glance(at: path) else {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw LedgerError(.foreign, isThere ? "\(path) is empty." : "There is no file \(path).")
        }
        // Held meanwhile, or a coordinator that starts now would write under a reader that takes the file for its own.
        var lock: LedgerLock?
        var holder: String?
        do throws(LedgerError) {
            lock = try LedgerLock(path: path + ".lock", holder: "weft ledger check")
        } catch {
            // Where no lock can be made, nobody else starts either.
            if error.code == .inUse { holder = LedgerLock.holder(path: path + ".lock") ?? "" }
        }
        defer { lock?.release() }
        do {
            return try LedgerFile.reading(path, isHeld: holder == nil) { db in
                var check = try LedgerCheck(db, path: path, holder: holder)
                try check.run(db)
                return check.report
            }
        } catch {
            throw LedgerError(sqlite: error, path: path)
        }
    }
}

/// Goes through a ledger's rows once, and notes what cannot be.
struct LedgerCheck {
    var report: LedgerReport

    init(_ db: Database, path: String, holder: String?) throws {
        let applicationID = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        guard applicationID == LedgerSchema.applicationID else {
            throw LedgerError(.foreign, "\(path) is a SQLite file of some other program, not a ledger of Weft.")
        }
        guard let version = try LedgerSchema.version(db) else {
            throw LedgerError(.foreign, "\(path) was written by a later version of Weft; use that version.")
        }
        guard version > 0, let row = try Row.fetchOne(db, sql: "SELECT id, epoch FROM ledger") else {
            throw LedgerError(.damaged, "\(path) has lost the row that names it.")
        }
        self.report = LedgerReport(
            path: path, bytes: SQLiteLedger.bytes(at: path), version: version,
            epoch: TaskEpoch(
                ledgerID: try row.column("id"), counter: UInt64(clamping: try row.column("epoch", as: Int64.self))),
            holder: holder)
    }

    mutating func run(_ db: Database) throws {
        do {
            for finding in try String.fetchAll(db, sql: "PRAGMA integrity_check(20)") where finding != "ok" {
                self.report.find("integrity", nil, "SQLite: \(finding)")
            }
            try self.goThroughTasks(db)
            try self.goThroughReports(db)
            try self.goThroughPayloads(db)
        } catch let error as DatabaseError where error.resultCode.primaryResultCode == .SQLITE_CORRUPT {
            // The rest cannot be read, but what has been found so far can be said.
            self.report.find("integrity", nil, "SQLite: \(error)")
        }
    }

    private mutating func goThroughTasks(_ db: Database) throws {
        let isFirst = self.report.version == 1
        let sql =
            isFirst
            ? "SELECT seq, id, state, status, task FROM tasks"
            : "SELECT \(LedgerRow.columns), tasks.ended, tasks.queue FROM \(LedgerRow.tables)"
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() {
            let id = Self.text("id", of: row)
            let name = Self.text("state", of: row)
            guard let state = TaskState(rawValue: name) else {
                self.report.find("state", id, "It is in a state that does not exist: \(name).")
                continue
            }
            self.report.counts[state, default: 0] += 1
            let record: TaskRecord
            do {
                record = try LedgerRow.record(row)
            } catch {
                self.report.find("unreadable", id, "Its record cannot be read: \(error)")
                continue
            }
            if record.task.id != id { self.report.find("id", id, "Its record is that of \(record.task.id).") }
            if record.status.state != state {
                self.report.find("state", id, "Its row says \(name), its record \(record.status.state.rawValue).")
            }
            if !isFirst {
                let isEnded = try row.column("ended", as: Double?.self) != nil
                if isEnded != state.isFinal {
                    self.report.find("ended", id, "It is \(name) and \(isEnded ? "has" : "has not") a time of its end.")
                }
                if Self.text("queue", of: row) != record.task.queue {
                    self.report.find("queue", id, "Its row and its record name different queues.")
                }
            }
            self.judge(record)
        }
    }

    /// What must hold for the record of a task, whatever happened to it.
    private mutating func judge(_ record: TaskRecord) {
        let id = record.task.id
        let status = record.status
        let name = status.state.rawValue
        switch (status.state, status.outcome) {
        case (.completed, .completed?), (.dead, .failed?), (.cancelled, .cancelled?), (.expired, _?): break
        case (.queued, nil), (.leased, nil), (.running, nil), (.retrying, nil): break
        case (_, nil): self.report.find("outcome", id, "It is \(name) and has no outcome.")
        case (_, .some(let outcome)):
            self.report.find(
                "outcome", id, "It is \(name) and its outcome is \(outcome.value["k"]?.stringValue ?? "?").")
        }
        if status.state.isHeld, status.worker == nil {
            self.report.find("worker", id, "It is \(name) and no worker has it.")
        }
        if status.state.isHeld || status.hasBegun || status.state == .completed, status.attempt < 1 {
            self.report.find("attempt", id, "It is \(name) and has had no attempt.")
        }
        if status.attempt > 0 {
            if let epoch = status.epoch {
                if epoch.ledgerID != self.report.epoch.ledgerID {
                    self.report.find("epoch", id, "Its attempt is of another ledger: \(epoch).")
                } else if epoch.counter > self.report.epoch.counter {
                    self.report.find("epoch", id, "Its attempt is of epoch \(epoch.counter), which has not begun.")
                }
            } else {
                self.report.find("epoch", id, "Its attempt has no epoch.")
            }
        }
        if let later = status.history.first(where: { $0.attempt > status.attempt }) {
            self.report.find(
                "history", id, "Its history has attempt \(later.attempt), the latest is \(status.attempt).")
        }
    }

    private mutating func goThroughReports(_ db: Database) throws {
        let rows = try Row.fetchCursor(db, sql: "SELECT id, item FROM reports")
        let find = try db.makeStatement(sql: "SELECT state, status FROM tasks WHERE id = ?")
        while let row = try rows.next() {
            let id = Self.text("id", of: row)
            self.report.unreported += 1
            guard let item = try? ReportItem(value: LedgerBlob.value(row.column("item"))) else {
                self.report.find("unreadable", id, "The report cannot be read.")
                continue
            }
            if item.id != id { self.report.find("id", id, "The report's content is that of \(item.id).") }
            guard let task = try Row.fetchOne(find, arguments: [item.taskID]) else {
                self.report.find("report", id, "It is about a task that the ledger does not have: \(item.taskID).")
                continue
            }
            let isFinal = TaskState(rawValue: Self.text("state", of: task))?.isFinal ?? false
            if item.isFinal, !isFinal {
                self.report.find("report", id, "It reports the end of a task that is \(Self.text("state", of: task)).")
            }
            if let status = try? LedgerStatus(value: LedgerBlob.value(task.column("status"))),
                item.requeues > status.requeues
            {
                self.report.find("report", id, "It is about a requeueing that has not been.")
            }
        }
    }

    /// What a column says, for people; nothing when it holds no text.
    private static func text(_ column: String, of row: Row) -> String {
        (try? row.column(column, as: String.self)) ?? ""
    }

    private mutating func goThroughPayloads(_ db: Database) throws {
        guard self.report.version > 1 else { return }
        let orphans =
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM payloads WHERE seq NOT IN (SELECT seq FROM tasks)") ?? 0
        if orphans > 0 { self.report.find("payload", nil, "\(orphans) payloads belong to no task.") }
    }
}
