// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing
import WeftProtocol
import WeftSQLite
import WeftTestKit

/// Files that are no ledger, or no sound one: refused with a name, and not a byte of the folder changed.
struct LedgerFileTests {
    /// What becomes of a file, made from a sound ledger with 500 tasks.
    struct Case: CustomStringConvertible, Sendable {
        let description: String
        let code: LedgerError.Code
        let hint: String
        let make: @Sendable (_ ledger: Data, _ path: String) async throws -> Void
    }

    static let cases = [
        Case(description: "a text", code: .foreign, hint: "not a ledger") { _, path in
            try String(repeating: "dear aunt, ", count: 40).write(toFile: path, atomically: false, encoding: .utf8)
        },
        Case(description: "one letter", code: .foreign, hint: "not a ledger") { _, path in
            try "x".write(toFile: path, atomically: false, encoding: .utf8)
        },
        Case(description: "another program's database", code: .foreign, hint: "some other program") { _, path in
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in try db.execute(sql: "CREATE TABLE recipes (name TEXT)") }
            try queue.close()
        },
        Case(description: "another program's database with an id", code: .foreign, hint: "some other program") {
            _, path in
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in try db.execute(sql: "PRAGMA application_id = 77; CREATE TABLE a (b)") }
            try queue.close()
        },
        Case(description: "a later version's ledger", code: .foreign, hint: "later version") { ledger, path in
            try ledger.write(to: URL(filePath: path))
            let queue = try DatabaseQueue(path: path)
            try await queue.writeWithoutTransaction { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 written in the stars')")
                try db.checkpoint(.truncate)
            }
            try queue.close()
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        },
        Case(description: "damaged in the middle", code: .damaged, hint: "damaged") { ledger, path in
            var bytes = ledger
            for index in 8192..<(bytes.count - 4096) { bytes[index] = 0xAA }
            try bytes.write(to: URL(filePath: path))
        },
        Case(description: "one damaged page", code: .damaged, hint: "damaged") { ledger, path in
            var bytes = ledger
            let page = bytes.count / 4096 / 2
            for index in (page * 4096)..<(page * 4096 + 4096) { bytes[index] = 0 }
            try bytes.write(to: URL(filePath: path))
        },
        Case(description: "cut off in the middle", code: .damaged, hint: "damaged") { ledger, path in
            try ledger.prefix(ledger.count / 2 + 100).write(to: URL(filePath: path))
        },
        Case(description: "cut off in its header", code: .damaged, hint: "cut off") { ledger, path in
            try ledger.prefix(50).write(to: URL(filePath: path))
        },
        Case(description: "a damaged header", code: .damaged, hint: "damaged") { ledger, path in
            var bytes = ledger
            for index in 16..<32 { bytes[index] = 0xFF }
            try bytes.write(to: URL(filePath: path))
        },
        Case(description: "a folder", code: .foreign, hint: "folder") { _, path in
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        },
    ]

    @Test(arguments: Self.cases)
    func isRefusedAndLeftAsItWas(_ given: Case) async throws {
        try await SQLiteLedgerTests.withFolder { folder in
            let ledger = try await Self.soundLedger(in: folder)
            let place = folder + "/place"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            let path = place + "/ledger.sqlite"
            try await given.make(ledger, path)
            let before = try Self.contents(of: place)
            let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: path) }
            #expect(error?.code == given.code)
            #expect(error?.message.contains(given.hint) == true, "\(String(describing: error))")
            #expect(error?.message.contains(path) == true)
            var after = try Self.contents(of: place)
            // The lock may stay; it is empty of anything but a name.
            after["ledger.sqlite.lock"] = nil
            #expect(after == before)
        }
    }

    @Test func anEmptyFileBecomesALedger() async throws {
        try await SQLiteLedgerTests.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            try Data().write(to: URL(filePath: path))
            let ledger = try SQLiteLedger(path: path)
            #expect(try await ledger.open().epoch.counter == 1)
            await ledger.close()
        }
    }

    @Test func aLedgerWhoseLogWasLeftBehindIsWhole() async throws {
        try await SQLiteLedgerTests.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            let ledger = try SQLiteLedger(path: path)
            let epoch = try await ledger.open().epoch
            try await ledger.write([.accepted(LedgerConformance.record("a"))], epoch: epoch)
            // What a killed process leaves: the file and its log, and nothing written back.
            let copy = folder + "/copy.sqlite"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
            let second = try SQLiteLedger(path: copy)
            #expect(try await second.open().unfinished.map(\.task.id) == ["a"])
            await second.close()
            await ledger.close()
        }
    }

    @Test(arguments: ["/nowhere/at/all/ledger.sqlite", "/proc/ledger.sqlite"])
    func aFolderThatCannotBeWrittenToIsNamed(path: String) async throws {
        let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: path) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(path) == true)
    }

    static func soundLedger(in folder: String) async throws -> Data {
        let path = folder + "/sound.sqlite"
        let ledger = try SQLiteLedger(path: path)
        let epoch = try await ledger.open().epoch
        try await ledger.write((0..<500).map { .accepted(LedgerConformance.record("t\($0)")) }, epoch: epoch)
        await ledger.close()
        return try Data(contentsOf: URL(filePath: path))
    }

    /// Every file of a folder; folders in it count as empty.
    private static func contents(of folder: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            contents[name] = (try? Data(contentsOf: URL(filePath: folder + "/" + name))) ?? Data()
        }
        return contents
    }
}
