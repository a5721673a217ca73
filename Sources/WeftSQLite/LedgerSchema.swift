// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The tables, their versions, and how a file is known for a ledger.
enum LedgerSchema {
    /// `WEFT`: SQLite keeps it in the file's header.
    static let applicationID: Int64 = 0x5745_4654
    /// Larger files are checked by `weft ledger check` only, so that starting takes no minutes.
    private static let checkedBytes: UInt64 = 256 << 20

    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "weft.ledger"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
    }

    /// Looks at a file before a single byte of it may be written.
    static func check(_ path: String) throws {
        guard let file = Self.firstBytes(of: path, count: 16), !file.isEmpty else { return }
        let magic = Array("SQLite format 3\u{0}".utf8)
        guard file == magic else {
            throw LedgerError(
                .foreign, "\(path) is not a ledger of Weft, nor any SQLite file; name another file for the ledger.")
        }
        // Read-only, because even to open a stranger's file for writing would change it. What is not in the file itself
        // may be in the log beside it, so only SQLite can say.
        var configuration = Configuration()
        configuration.readonly = true
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64) ?? 0
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        let (applicationID, tables) = try queue.read { db in
            (
                try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
                try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            )
        }
        guard applicationID == Self.applicationID || (applicationID == 0 && tables == 0) else {
            throw LedgerError(
                .foreign,
                "\(path) is a SQLite file of some other program, not a ledger of Weft; name another file for the ledger."
            )
        }
        guard size <= Self.checkedBytes else { return }
        let finding = try queue.read { db in try String.fetchOne(db, sql: "PRAGMA quick_check(1)") }
        guard finding == "ok" else {
            throw LedgerError(
                .damaged,
                "\(path) is damaged: \(finding ?? "the check says nothing"). Restore it from a copy, or name another file."
            )
        }
    }

    /// The first bytes of a file; nil when there is none that can be read, which SQLite then says better.
    private static func firstBytes(of path: String, count: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let length = read(descriptor, &bytes, count)
        return length < 0 ? nil : Array(bytes.prefix(length))
    }

    /// Makes the tables, or brings them to this version.
    static func prepare(_ pool: DatabasePool, path: String) throws {
        let migrator = Self.migrator
        if try pool.read({ db in try migrator.hasBeenSuperseded(db) }) {
            throw LedgerError(
                .foreign, "\(path) was written by a later version of Weft; use that version, or name another file.")
        }
        try migrator.migrate(pool)
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 tasks and reports") { db in
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
        return migrator
    }
}
