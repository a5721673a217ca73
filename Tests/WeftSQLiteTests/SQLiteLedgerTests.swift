// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing
import WeftProtocol
import WeftSQLite
import WeftTestKit
import WeftValue

struct SQLiteLedgerTests {
    /// A folder of its own around `body`.
    static func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
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
            let first = try SQLiteLedger(path: path, holder: "node \"north\"")
            let error = #expect(throws: LedgerError.self) { try SQLiteLedger(path: path) }
            #expect(error?.code == .inUse)
            #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier) on ") == true)
            #expect(error?.message.contains("node \"north\"") == true)
            await first.close()
            await (try SQLiteLedger(path: path)).close()
        }
    }

    #if os(Linux)
        @Test func aReleasedLockIsFreeWhileAProgramThatIsBeingStartedStillHasItsDescriptor() async throws {
            try await Self.withFolder { folder in
                let path = folder + "/ledger.sqlite"
                let first = try SQLiteLedger(path: path)
                let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                let number = try #require(
                    names.first {
                        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
                            + ".lock"
                    }.flatMap { Int32($0) })
                let copy = dup(number)
                defer { close(copy) }
                await first.close()
                await (try SQLiteLedger(path: path)).close()
            }
        }
    #endif

    @Test func aFileOfVersion1IsBroughtUpToDateWithEverythingInIt() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            // Written by Weft before version 2: three completed tasks, a dead one, and one that waits.
            let old = try #require(
                Bundle.module.path(forResource: "version-1", ofType: "ledger", inDirectory: "Fixtures"))
            try FileManager.default.copyItem(atPath: old, toPath: path)
            let ledger = try SQLiteLedger(path: path)
            let state = try await ledger.open()
            #expect(state.epoch.counter == 2)
            #expect(state.unfinished.map(\.task.id) == ["queued-2"])
            #expect(state.unfinished.first?.task.payload.stringValue?.contains("later 2") == true)
            #expect(try await ledger.counts() == [.completed: 3, .dead: 1, .queued: 1])
            var filter = TaskFilter(states: [.dead])
            filter.queue = "mail"
            let dead = try await ledger.tasks(matching: filter).records
            #expect(dead.map(\.task.id) == ["dead-1"])
            #expect(dead.first?.status.history.first?.error == "broken")
            let done = try #require(try await ledger.task("done-2"))
            guard case .completed(let result) = done.status.outcome else {
                Issue.record("its result is lost: \(done)")
                return
            }
            #expect(result.value == "did \"ok 2\"")
            // And it goes on from there.
            try await ledger.write([.accepted(LedgerConformance.record("new"))], epoch: state.epoch)
            #expect(try await ledger.task("new") != nil)
            await ledger.close()
        }
    }

    @Test func whatHasPiledUpIsOneTransaction() async throws {
        try await Self.withFolder { folder in
            let ledger = try SQLiteLedger(path: folder + "/ledger.sqlite")
            let epoch = try await ledger.open().epoch
            try await ledger.write((0..<300).map { .accepted(LedgerConformance.record("t\($0)")) }, epoch: epoch)
            var running = LedgerConformance.record("t0").status
            running.state = .running
            try await ledger.write([.status(id: "t0", running)], epoch: epoch)
            #expect(ledger.counters.transactions == 2)
            #expect(ledger.counters.changes == 301)
            #expect(ledger.counters.synced == 1)
            await ledger.close()
            let quick = try SQLiteLedger(path: folder + "/ledger.sqlite", synchronous: .normal)
            let next = try await quick.open().epoch
            try await quick.write([.accepted(LedgerConformance.record("u"))], epoch: next)
            #expect(quick.counters.transactions == 1)
            #expect(quick.counters.synced == 0)
            await quick.close()
        }
    }

    @Test func aFullDiskLosesNothingAndWorkGoesOnWithRoom() async throws {
        try await Self.withFolder { folder in
            let ledger = try SQLiteLedger(path: folder + "/ledger.sqlite")
            let epoch = try await ledger.open().epoch
            try await ledger.limit(pages: 60)
            var accepted: Set<String> = []
            var refusal: LedgerError?
            for index in 0..<1000 where refusal == nil {
                var record = LedgerConformance.record("t\(index)")
                record.task.payload = .string(String(repeating: "x", count: 2000))
                do {
                    try await ledger.write([.accepted(record)], epoch: epoch)
                    accepted.insert(record.task.id)
                } catch let error as LedgerError {
                    refusal = error
                }
            }
            #expect(refusal?.code == .unavailable)
            #expect(refusal?.message.contains("no room") == true)
            #expect(accepted.count > 20)
            #expect(try await ledger.counts() == [.queued: accepted.count])
            try await ledger.limit(pages: 1_000_000)
            try await ledger.write([.accepted(LedgerConformance.record("later"))], epoch: epoch)
            #expect(Set(try await ledger.open().unfinished.map(\.task.id)) == accepted.union(["later"]))
            await ledger.close()
        }
    }

    @Test func aPageOfLargeTasksEndsEarlyAndGoesOn() async throws {
        try await Self.withFolder { folder in
            let ledger = try SQLiteLedger(path: folder + "/ledger.sqlite")
            let epoch = try await ledger.open().epoch
            for index in 0..<5 {
                var record = LedgerConformance.record("t\(index)")
                record.task.payload = .bytes([UInt8](repeating: 1, count: 6 << 20))
                try await ledger.write([.accepted(record)], epoch: epoch)
            }
            var filter = TaskFilter()
            var pages: [[String]] = []
            repeat {
                let page = try await ledger.tasks(matching: filter)
                pages.append(page.records.map(\.task.id))
                filter.after = page.next
            } while filter.after != nil
            #expect(pages == [["t4", "t3"], ["t2", "t1"], ["t0"]])
            await ledger.close()
        }
    }

    @Test func finishedTasksAreKeptUpToACountAndDeadLettersStay() async throws {
        try await Self.withFolder { folder in
            let ledger = try SQLiteLedger(path: folder + "/ledger.sqlite", finishedKept: 2, finishedFor: 1e9)
            let epoch = try await ledger.open().epoch
            let states: [TaskState] = [.dead, .completed, .expired, .completed, .cancelled, .completed]
            for (index, state) in states.enumerated() {
                var record = LedgerConformance.record("t\(index)")
                try await ledger.write([.accepted(record)], epoch: epoch)
                record.status.state = state
                record.status.updatedAt += Double(index)
                try await ledger.write([.status(id: record.task.id, record.status)], epoch: epoch)
            }
            // Without another opening: trimming goes along with the writes.
            let left = try await ledger.tasks(in: Set(TaskState.allCases), limit: 10).map(\.task.id)
            #expect(left == ["t0", "t4", "t5"])
            await ledger.close()
        }
    }

    @Test func finishedTasksAreKeptForATimeUnlessThePlatformIsStillToBeTold() async throws {
        try await Self.withFolder { folder in
            let ledger = try SQLiteLedger(path: folder + "/ledger.sqlite", finishedFor: 3600)
            let epoch = try await ledger.open().epoch
            let report = ReportItem(
                taskID: "owed", agentID: "agent",
                content: .final(status: "completed", result: "", tokens: nil, usedTools: [], format: nil, task: nil))
            for (id, age) in [("old", 4000.0), ("owed", 5000), ("young", 3000)] {
                var record = LedgerConformance.record(id)
                record.status.state = .completed
                record.status.updatedAt = Date().addingTimeInterval(-age)
                // An end and the report of it are one write, as the dispatcher decides them.
                let changes = [LedgerChange.accepted(record)] + (id == "owed" ? [.report(report)] : [])
                try await ledger.write(changes, epoch: epoch)
            }
            _ = try await ledger.open()
            #expect(try await ledger.tasks(in: [.completed], limit: 9).map(\.task.id) == ["owed", "young"])
            await ledger.close()
        }
    }

    @Test func muchThatIsToBeTrimmedGoesInSmallSteps() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            let first = try SQLiteLedger(path: path)
            let epoch = try await first.open().epoch
            var done = LedgerConformance.record("").status
            done.state = .completed
            done.updatedAt = Date()
            try await first.write(
                (0..<1000).map { .accepted(TaskRecord(task: LedgerConformance.record("t\($0)").task, status: done)) },
                epoch: epoch)
            await first.close()
            let second = try SQLiteLedger(path: path, finishedKept: 10)
            let next = try await second.open().epoch
            var counts = [try await second.counts()[.completed] ?? 0]
            while counts.last != 10, counts.count < 100 {
                try await second.write([.reported(id: "none")], epoch: next)
                counts.append(try await second.counts()[.completed] ?? 0)
            }
            #expect(counts.last == 10)
            #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 - $1 <= 64 })
            await second.close()
        }
    }
}
