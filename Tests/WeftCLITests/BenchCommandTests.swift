// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import WeftValue

struct BenchCommandTests {
    @Test(arguments: ["bytes", "typed", "codable"]) func everyReceiverCountsEveryEvent(shape: String) async throws {
        let row = try await Self.row("mesh", "--count", "3000", "--receivers", "2", "--shape", shape)
        #expect(row["events"] == 6000.0)
        #expect((row["per_second"]?.doubleValue ?? 0) > 0)
        #expect(row["baseline_per_second"] == nil)
    }

    @Test func nodesThatAllEmitAtOnceHearAllOthers() async throws {
        let row = try await Self.row("mesh", "--nodes", "3", "--count", "500")
        #expect(row["events"] == .double(3 * 2 * 500))
    }

    @Test func withKeysTheSameIsCounted() async throws {
        #expect(try await Self.row("mesh", "--count", "500", "--curve")["events"] == 500.0)
    }

    @Test func atARateEveryEventIsTimedFromWhenItWasDue() async throws {
        let row = try await Self.row("mesh", "--rate", "2000", "--duration", "0.5")
        #expect(row["times_us"]?["count"] == 1000)
        #expect((row["times_us"]?["p50"]?.doubleValue ?? 0) > 0)
        let percentiles = try #require(row["times_us"]?["percentiles"]?.arrayValue)
        let times = percentiles.compactMap { $0[1]?.doubleValue }
        #expect(percentiles.last?[0] == 100.0 && times == times.sorted())
    }

    @Test func tasksAtARateAllEnd() async throws {
        let row = try await Self.row("dispatch", "--rate", "100", "--duration", "0.5", "--workers", "1", "--slots", "4")
        #expect(row["times_us"]?["count"] == 50)
    }

    @Test func flatOutTheBaselineIsMeasuredInTheSameRun() async throws {
        let row = try await Self.row("mesh", "--duration", "0.1", options: [])
        let (ours, raw) = (row["per_second"]?.doubleValue ?? 0, row["baseline_per_second"]?.doubleValue ?? 0)
        #expect(ours > 0 && raw > 0)
        #expect(abs((row["ratio"]?.doubleValue ?? 0) - ours / raw) < 0.01 * ours / raw + 0.001)
    }

    /// The first row that a measurement prints as JSON.
    private static func row(_ arguments: String..., options: [String] = ["--no-baseline"]) async throws -> Value {
        try await ProcessHarness.run { harness in
            let bench = try harness.weft(["bench"] + arguments + options + ["--json"])
            try await bench.exit(expecting: .code(0), within: .seconds(60))
            let report = try Value(json: try #require(bench.output.elements.last))
            return try #require(report["rows"]?[0])
        }
    }
}
