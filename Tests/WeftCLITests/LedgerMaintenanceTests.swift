// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftTestKit
import WeftValue

/// `weft ledger`, and what a coordinator does when its disk is full.
struct LedgerMaintenanceTests {
    @Test func checkReadsAndCompactWaitsForTheCoordinatorToGo() async throws {
        try await ProcessHarness.run { harness in
            let file = try harness.temporaryDirectory() + "/tasks.ledger"
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let coordinator = try harness.weft(
                "coordinator", "--bind", endpoint, "--ledger", file, "--name", "north")
            _ = try await coordinator.endpoint()
            _ = try harness.weft("worker", "--exec", "cat", "--join", endpoint)
            let input = (1...30).map { "task \($0)\n" }.joined()
            try await harness.weft("submit", "-", "--wait", "--join", endpoint, input: .text(input))
                .exit(expecting: .code(0))
            let busy = try harness.weft("ledger", "compact", file)
            try await busy.exit(expecting: .code(75))
            _ = try await busy.errorLine(containing: "node \"north\", process \(coordinator.processID)")
            let report = try await Self.check(file, harness)
            #expect(report["tasks"]?["completed"]?.intValue == 30)
            #expect(report["sound"]?.boolValue == true)
            #expect(report["in_use_by"]?.stringValue?.contains("north") == true)
            coordinator.terminate()
            try await coordinator.exit(expecting: .code(0))
            try await harness.weft("ledger", "compact", file, "--keep-finished", "10").exit(expecting: .code(0))
            let after = try await Self.check(file, harness)
            #expect(after["tasks"]?["completed"]?.intValue == 10)
            #expect(after["in_use_by"]?.isNull == true)
            #expect(after["epoch"]?.intValue == 1)
        }
    }

    @Test func checkSaysWhatCannotBeALedger() async throws {
        try await ProcessHarness.run { harness in
            let file = try harness.temporaryDirectory() + "/letter.txt"
            try Data("dear aunt".utf8).write(to: URL(filePath: file))
            for command in ["check", "compact"] {
                let process = try harness.weft("ledger", command, file)
                try await process.exit(expecting: .code(65))
                _ = try await process.errorLine(containing: "not a ledger")
            }
        }
    }

    #if os(Linux)
        @Test func aFullDiskIsSaidInTimeAndLosesNothing() async throws {
            try await ProcessHarness.run { harness in
                let file = try harness.temporaryDirectory() + "/tasks.ledger"
                let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
                let coordinator = try harness.weft("coordinator", "--bind", endpoint, "--ledger", file)
                _ = try await coordinator.endpoint()
                // No file of the coordinator may grow beyond this: to it, a full disk.
                try Self.limitFiles(of: coordinator.processID, to: 2 << 20)
                let text = String(repeating: "x", count: 100_000)
                let input = (1...60).map { "\($0) \(text)\n" }.joined()
                let submit = try harness.weft(
                    "submit", "-", "--timeout", "8s", "--join", endpoint, input: .text(input))
                let exit = try await submit.exit(within: .seconds(60))
                #expect(exit != .code(0))
                _ = try await submit.errorLine(containing: "ledger cannot be written")
                _ = try await coordinator.errorLine(containing: "ledger cannot be written")
                let accepted = Set(submit.output.elements)
                #expect(!accepted.isEmpty && accepted.count < 60)
                // Room again: work goes on by itself, and whoever asks again is answered.
                try Self.limitFiles(of: coordinator.processID, to: nil)
                _ = try await coordinator.errorLine(containing: "can be written again")
                _ = try harness.weft("worker", "--exec", "wc -c", "--join", endpoint)
                try await harness.weft("submit", "more", "--wait", "--join", endpoint).exit(expecting: .code(0))
                for id in accepted {
                    try await harness.weft("tasks", "show", id, "--join", endpoint).exit(expecting: .code(0))
                }
                coordinator.terminate()
                try await coordinator.exit(expecting: .code(0))
                let report = try await Self.check(file, harness)
                let counts = try #require(report["tasks"]?.objectValue).values.compactMap(\.intValue).reduce(0, +)
                #expect(counts > accepted.count)
            }
        }

        private static func limitFiles(of process: Int32, to bytes: Int?) throws {
            let limit = try Process.run(
                URL(filePath: "/usr/bin/prlimit"),
                arguments: ["--pid", "\(process)", "--fsize=\(bytes.map(String.init) ?? "unlimited"):unlimited"])
            limit.waitUntilExit()
            try #require(limit.terminationStatus == 0)
        }
    #endif

    private static func check(_ file: String, _ harness: ProcessHarness) async throws -> Value {
        let check = try harness.weft("ledger", "check", "--json", file)
        try await check.exit(expecting: .code(0))
        return try Value(json: check.output.elements.joined())
    }
}
