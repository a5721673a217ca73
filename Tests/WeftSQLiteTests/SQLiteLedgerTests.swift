// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing
import WeftProtocol
import WeftSQLite
import WeftTestKit

struct SQLiteLedgerTests {
    /// A folder of its own around `body`.
    private static func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weft-ledger-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder.path)
    }

    @Test(arguments: LedgerConformance.checks)
    func conforms(to check: LedgerConformance) async throws {
        try await Self.withFolder { folder in
            let ledger = try SQLiteLedger(path: folder + "/ledger.sqlite")
            try await check.run(ledger)
            await ledger.close()
        }
    }

    @Test func whatWasWrittenIsThereAfterTheFileIsOpenedAgain() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            let first = try SQLiteLedger(path: path)
            let epoch = try await first.open().epoch
            let item = ReportItem(taskID: "a", agentID: "agent", content: .executing)
            try await first.write(
                [.accepted(LedgerConformance.record("a")), .report(item)], epoch: epoch)
            await first.close()

            let second = try SQLiteLedger(path: path)
            let state = try await second.open()
            #expect(state.epoch == TaskEpoch(ledgerID: epoch.ledgerID, counter: epoch.counter + 1))
            #expect(state.unfinished == [LedgerConformance.record("a")])
            #expect(state.reports == [item])
            await second.close()
        }
    }

    @Test func aSecondCoordinatorIsRefusedByName() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            let first = try SQLiteLedger(path: path)
            let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: path) }
            #expect(error?.code == .inUse)
            #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
            await first.close()
            await (try SQLiteLedger(path: path)).close()
        }
    }

    @Test(arguments: ["this is a letter to my aunt, long enough to have a header of seventy-two bytes and more", "x"])
    func aForeignFileIsRefusedAndLeftAlone(content: String) async throws {
        try await Self.withFolder { folder in
            let path = folder + "/letter.txt"
            try content.write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: path) }
            #expect(error?.code == .foreign)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
        }
    }

    @Test func anotherProgramsDatabaseIsRefusedAndLeftAlone() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/other.sqlite"
            try await DatabaseQueue(path: path).write { db in try db.execute(sql: "CREATE TABLE recipes (name TEXT)") }
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: path) }
            #expect(error?.code == .foreign)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
        }
    }

    @Test func aDamagedFileIsRefusedAndLeftAlone() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            let ledger = try SQLiteLedger(path: path)
            let epoch = try await ledger.open().epoch
            try await ledger.write((0..<500).map { .accepted(LedgerConformance.record("t\($0)")) }, epoch: epoch)
            await ledger.close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try #require(bytes.count > 40_000)
            for index in 8192..<(bytes.count - 4096) { bytes[index] = 0xAA }
            try bytes.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: path) }
            #expect(error?.code == .damaged)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
        }
    }

    @Test func aFolderThatIsNotThereIsNamed() async throws {
        let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: "/nowhere/at/all/ledger.sqlite") }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("/nowhere/at/all") == true)
    }

    @Test func finishedTasksAreKeptUpToACountAndDeadLettersStay() async throws {
        try await Self.withFolder { folder in
            let ledger = try SQLiteLedger(path: folder + "/ledger.sqlite", finishedKept: 2, finishedFor: 1e9)
            let epoch = try await ledger.open().epoch
            for (index, state) in [TaskState.dead, .completed, .completed, .cancelled, .completed].enumerated() {
                var record = LedgerConformance.record("t\(index)")
                record.status.state = state
                record.status.updatedAt += Double(index)
                try await ledger.write([.accepted(record)], epoch: epoch)
            }
            _ = try await ledger.open()
            let left = try await ledger.tasks(in: Set(TaskState.allCases), limit: 10).map(\.task.id)
            #expect(left == ["t0", "t3", "t4"])
            await ledger.close()
        }
    }
}
