// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftProtocol
import WeftValue

/// The tables and their versions.
enum LedgerSchema {
    /// `WEFT`: SQLite keeps it in the file's header.
    static let applicationID: Int64 = 0x5745_4654
    /// The names of the versions, in their order: what GRDB finds of them in a file says how old it is.
    static let versions = ["1 tasks and reports", "2 columns to search by"]

    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "weft.ledger"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Debian's SQLite overwrites what is deleted, which would write a trimmed task once more; this does so only where it costs
            // no page more.
            _ = try String.fetchOne(db, sql: "PRAGMA secure_delete = FAST")
            // Ids are random, so their index is read and written all over.
            try db.execute(sql: "PRAGMA cache_size = -32000")
            // After a long reading the log may have grown; it need not keep that room.
            _ = try Int.fetchOne(db, sql: "PRAGMA journal_size_limit = 67108864")
        }
        return configuration
    }

    /// Makes the tables, or brings them to this version.
    static func prepare(_ pool: DatabasePool) throws {
        try Self.migrator().migrate(pool)
    }

    /// How old a file is: the number of its latest version; nil for one that a later Weft has written.
    static func version(_ db: Database) throws -> Int? {
        guard try db.tableExists("grdb_migrations") else { return 0 }
        let found = try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations")
        guard Set(found).isSubset(of: Self.versions) else { return nil }
        return found.compactMap { Self.versions.firstIndex(of: $0) }.max().map { $0 + 1 } ?? 0
    }

    /// The steps from one version to the next.
    ///
    /// - Parameter version: The last one wanted; the latest by default.
    static func migrator(upTo version: Int = Self.versions.count) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        let steps: [@Sendable (Database) throws -> Void] = [Self.first, Self.second]
        for (name, step) in zip(Self.versions, steps).prefix(version) {
            migrator.registerMigration(name, migrate: step)
        }
        return migrator
    }

    private static func first(_ db: Database) throws {
        try db.execute(sql: "PRAGMA application_id = \(Self.applicationID)")
        try db.execute(
            sql: """
                CREATE TABLE ledger (
                    id TEXT NOT NULL,
                    epoch INTEGER NOT NULL
                );
                CREATE TABLE tasks (
                    seq INTEGER PRIMARY KEY AUTOINCREMENT,
                    id TEXT NOT NULL UNIQUE,
                    state TEXT NOT NULL,
                    updated REAL NOT NULL,
                    task BLOB NOT NULL,
                    status BLOB NOT NULL
                );
                CREATE INDEX tasks_by_state ON tasks (state, updated);
                CREATE TABLE reports (
                    seq INTEGER PRIMARY KEY AUTOINCREMENT,
                    id TEXT NOT NULL UNIQUE,
                    item BLOB NOT NULL
                );
                """)
        try db.execute(
            sql: "INSERT INTO ledger (id, epoch) VALUES (?, 0)", arguments: [UUID().uuidString.lowercased()])
    }

    /// What can be asked for becomes columns, and what a task is to do moves away from what changes.
    ///
    /// A change of its status would otherwise write it again. Both indices are partial, so that no change between acceptance and end
    /// touches one.
    private static func second(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE tasks RENAME TO tasks_1;
                DROP INDEX tasks_by_state;
                CREATE TABLE tasks (
                    seq INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    state TEXT NOT NULL,
                    ended REAL,
                    accepted REAL NOT NULL,
                    source TEXT NOT NULL,
                    queue TEXT NOT NULL,
                    agent TEXT,
                    name TEXT,
                    key TEXT,
                    status BLOB NOT NULL
                );
                CREATE TABLE payloads (
                    seq INTEGER PRIMARY KEY,
                    task BLOB NOT NULL
                );
                """)
        let rows = try Row.fetchCursor(
            db, sql: "SELECT seq, id, state, updated, task, status FROM tasks_1 ORDER BY seq")
        let insert = try db.makeStatement(
            sql: """
                INSERT INTO tasks (seq, id, state, ended, accepted, source, queue, agent, name, key, status)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        while let row = try rows.next() {
            let task = try TaskSubmission(value: LedgerBlob.value(row.column("task")))
            let status = try LedgerStatus(value: LedgerBlob.value(row.column("status")))
            try insert.execute(arguments: [
                try row.column("seq", as: Int64.self), try row.column("id", as: String.self),
                try row.column("state", as: String.self),
                status.state.isFinal ? try row.column("updated", as: Double.self) : nil,
                status.acceptedAt.timeIntervalSince1970,
                task.source.rawValue, task.queue, task.agentID, task.name, task.key,
                try row.column("status", as: Data.self),
            ])
        }
        try db.execute(
            sql: """
                INSERT INTO payloads (seq, task) SELECT seq, task FROM tasks_1;
                DROP TABLE tasks_1;
                CREATE INDEX tasks_unfinished ON tasks (seq) WHERE ended IS NULL;
                CREATE INDEX tasks_ended ON tasks (state, ended) WHERE ended IS NOT NULL;
                """)
    }
}
