// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import WeftValue

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct DemoCommandTests {
    @Test func fourWorkersCompleteTwoHundredTasksInProcessesOfTheirOwn() async throws {
        try await ProcessHarness.run { harness in
            let demo = try harness.weft("demo", "--workers", "4", "--tasks", "200", "--json")
            try await demo.exit(expecting: .code(0), within: .seconds(120))
            #expect(demo.output.count == 1)
            let summary = try Value(json: try #require(demo.output.elements.first))
            #expect(summary["tasks"] == 200)
            #expect(summary["completed"] == 200)
            #expect(summary["failed"] == 0)
            #expect(summary["workers"] == 4)
            #expect((summary["seconds"]?.doubleValue ?? 0) > 0)
            // Each task object is some 1,000 bytes of JSON on the stream.
            #expect((summary["sse_bytes"]?.intValue ?? 0) > 200 * 500)
            let pids = try #require(summary["pids"]?.objectValue)
            let all = pids.values.flatMap { $0.arrayValue ?? [] }.compactMap(\.intValue)
            #expect(all.count == 7 && Set(all).count == 7)
            #expect(pids["demo"] == [.int(Int64(demo.processID))])
            let byWorker = try #require(summary["by_worker"]?.objectValue)
            #expect(byWorker.values.compactMap(\.intValue).reduce(0, +) == 200)
            #expect(byWorker.count == 4)
            for pid in all where pid != Int64(demo.processID) {
                #expect(!Self.isRunning(pid), "\(pid) was left behind")
            }
        }
    }

    @Test func itShowsWhichWorkerRanWhat() async throws {
        try await ProcessHarness.run { harness in
            let demo = try harness.weft("demo", "--workers", "2", "--tasks", "5")
            try await demo.exit(expecting: .code(0))
            let text = demo.output.elements.joined(separator: "\n")
            for number in 1...5 { #expect(text.contains("demo-\(number)  completed  checksum")) }
            #expect(text.contains("5 of 5 tasks completed, 0 failed, by 2 workers"))
        }
    }

    @Test func ctrlCLeavesNothingBehind() async throws {
        try await ProcessHarness.run { harness in
            let demo = try harness.weft("demo", "--workers", "2", "--tasks", "100000")
            _ = try await demo.line(containing: "Handing")
            let pids = Self.pids(demo)
            #expect(pids.count == 4)
            demo.interrupt()
            try await demo.exit(expecting: .code(130))
            for pid in pids { #expect(!Self.isRunning(pid), "\(pid) was left behind") }
        }
    }

    @Test func aKilledDemoTakesItsClusterWithIt() async throws {
        try await ProcessHarness.run { harness in
            let demo = try harness.weft("demo", "--workers", "1", "--tasks", "100000")
            _ = try await demo.line(containing: "Handing")
            let pids = Self.pids(demo)
            // Ends when all of the cluster's processes have.
            let watch = try harness.start("/usr/bin/tail", ["-f", "/dev/null"] + pids.map { "--pid=\($0)" })
            demo.signal(SIGKILL)
            _ = try await demo.exit()
            try await watch.exit(expecting: .code(0), within: .seconds(45))
        }
    }

    /// The process ids that the demo has printed: `  worker-1  pid 4814  4 slots`.
    private static func pids(_ demo: TestProcess) -> [Int64] {
        demo.output.elements.compactMap { line in
            let words = line.split(separator: " ")
            return words.firstIndex(of: "pid").flatMap { $0 + 1 < words.count ? Int64(words[$0 + 1]) : nil }
        }
    }

    private static func isRunning(_ pid: Int64) -> Bool {
        guard let pid = Int32(exactly: pid) else { return false }
        return kill(pid, 0) == 0
    }
}
