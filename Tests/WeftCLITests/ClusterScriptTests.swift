// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit

/// `cluster/up` and `cluster/down`.
struct ClusterScriptTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
        separator: "/")

    @Test func upTwiceStartsOnceAndDownStopsOnlyItsOwn() async throws {
        try await ProcessHarness.run { harness in
            let run = try harness.temporaryDirectory()
            let environment: [String: String?] = [
                "WEFT": try ProcessHarness.weftPath(), "WEFT_CLUSTER_RUN": run,
                "WEFT_CLUSTER_PORT": "\(try ProcessHarness.freePorts(84))",
            ]
            func script(_ name: String, _ arguments: String...) async throws -> [String] {
                let process = try harness.start("\(Self.root)/cluster/\(name)", arguments, environment: environment)
                try await process.exit(expecting: .code(0))
                return process.output.elements
            }
            // A pid file whose process is another's: its start time is not ours.
            let stranger = try harness.start("/bin/sleep", ["600"])
            do {
                let first = try await script("up", "1")
                #expect(first.contains { $0.contains("worker-1 (pid ") })
                #expect(
                    first.contains { $0.hasPrefix("  coordinator (pid ") && $0.contains(")  join it with --join ") })
                let second = try await script("up", "2")
                #expect(second.contains { $0.contains("worker-1 runs already") })
                #expect(second.contains { $0.contains("worker-2 (pid ") })
                try Data("\(stranger.processID) 1\n".utf8).write(to: URL(filePath: run + "/worker-9.pid"))
            } catch {
                _ = try await script("down")
                throw error
            }
            let down = try await script("down")
            for name in ["worker-1", "worker-2", "coordinator", "platform"] {
                #expect(down.contains("  \(name) stopped"))
            }
            #expect(down.contains("  worker-9 had ended already"))
            #expect(stranger.isRunning)
            #expect(try await script("down").first?.hasPrefix("Nothing runs here") == true)
        }
    }

    @Test func upEndsWithTheReasonWhenAProcessDoesNotStart() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts(84)
            let other = try harness.weft("platform", "--listen", "127.0.0.1:\(port + 80)")
            _ = try await other.errorLine(containing: ": ready")
            let up = try harness.start(
                "\(Self.root)/cluster/up", [],
                environment: [
                    "WEFT": try ProcessHarness.weftPath(), "WEFT_CLUSTER_RUN": try harness.temporaryDirectory(),
                    "WEFT_CLUSTER_PORT": "\(port)",
                ])
            try await up.exit(expecting: .code(1))
            _ = try await up.errorLine(containing: "platform did not start")
            _ = try await up.errorLine(containing: ":\(port + 80)")
        }
    }
}
