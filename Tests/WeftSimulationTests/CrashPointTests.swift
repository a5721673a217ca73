// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftProtocol
import WeftSQLite
import WeftSimulation

/// A reference run of 50 tasks on the real SQLite file, cut off before every write and after every single action of the dispatcher: the
/// file is copied as it is at that moment, as `kill -9` would leave it, and another coordinator opens the copy and goes on.
///
/// The plain test suite takes every sixteenth of those moments; `WEFT_CRASH_POINTS=all`, as in `make check-long`, takes them all.
struct CrashPointTests {
    @Test func aCrashAfterAnyActionLosesNothingAndCompletesNothingTwice() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let stride = ProcessInfo.processInfo.environment["WEFT_CRASH_POINTS"] == "all" ? 1 : 16
        var moments = 0
        var points = 0
        var reclaims = 0
        var ledger = try SQLiteLedger(path: folder + "/0.sqlite")
        var reference = Self.simulation()
        while true {
            if reference.awaitsLedger { try reference.begin(try await ledger.open()) }
            let before = reference
            guard try reference.advance() else { break }
            if reference.steps > before.steps {
                // Between the decision and the write, and after the write or the action.
                for moment in reference.writes.isEmpty ? [reference] : [before, reference] {
                    moments += 1
                    guard moments % stride == 0 else { continue }
                    points += 1
                    let copy = "\(folder)/\(points).sqlite"
                    reclaims += try await Self.crash(moment, to: copy, from: ledger.path)
                }
            }
            try await Self.write(&reference, to: ledger)
        }
        await ledger.close()
        ledger = try SQLiteLedger(path: folder + "/0.sqlite")
        try await Self.expectAllCompleted(ledger)
        await ledger.close()
        print("\(points) of \(moments) crash points in a run of 50 tasks, with \(reclaims) attempts reclaimed")
        #expect(moments > 500)
        #expect(points == moments / stride)
        #expect(reclaims > 0)
    }

    private static func simulation() -> TaskSimulation {
        var simulation = TaskSimulation(seed: 1, settings: .plain)
        simulation.hasRealLedger = true
        return simulation
    }

    /// Ends the coordinator at a moment, and goes on with a copy of its file.
    ///
    /// - Returns: How many attempts were reclaimed.
    private static func crash(_ moment: TaskSimulation, to path: String, from original: String) async throws -> Int {
        var simulation = moment
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: original + suffix) {
            try FileManager.default.copyItem(atPath: original + suffix, toPath: path + suffix)
        }
        defer {
            for suffix in ["", "-wal", "-shm", ".lock"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        }
        var ledger = try SQLiteLedger(path: path)
        // What was being written when it ended is in the file now, or it is not.
        try simulation.crash(machine: false)
        try await Self.write(&simulation, to: ledger)
        repeat {
            if simulation.awaitsLedger { try simulation.begin(try await ledger.open()) }
            try await Self.write(&simulation, to: ledger)
        } while try simulation.advance()
        await ledger.close()
        ledger = try SQLiteLedger(path: path)
        try await Self.expectAllCompleted(ledger)
        await ledger.close()
        return simulation.report.reclaims
    }

    private static func write(_ simulation: inout TaskSimulation, to ledger: SQLiteLedger) async throws {
        for write in simulation.writes { try await ledger.write(write.changes, epoch: write.epoch) }
        simulation.writes = []
    }

    private static func expectAllCompleted(_ ledger: SQLiteLedger) async throws {
        for index in 0..<50 {
            let record = try #require(try await ledger.task("t\(index)"))
            try #require(record.status.state == .completed)
        }
        let state = try await ledger.open()
        #expect(state.unfinished.isEmpty)
        #expect(state.reports.isEmpty)
    }

    /// A folder in memory where there is one: what is tried here is the crash of a process, which no disk need survive.
    private static func folder() throws -> String {
        let root = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let path = "\(root)/weft-crash-points-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}
