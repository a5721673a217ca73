// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import WeftValue

/// Somebody who opens connections until there are no descriptors left.
@Suite(.timeLimit(.minutes(3)))
struct DescriptorTests {
    /// Opens so many connections, and all over again as they end, until it is killed; half of them say the beginning of a greeting, and
    /// nothing more.
    private static let attack = """
        port=$1
        for round in $(seq 1000); do
          for i in $(seq 400); do
            { exec {fd}<>/dev/tcp/127.0.0.1/$port; } 2>/dev/null || continue
            if [ $((i % 2)) = 0 ]; then printf '\\377\\0\\0' >&$fd; fi
          done 2>/dev/null
          echo "round $round"
          read -t 0.2 -r _ <> <(:) || true
        done
        """

    @Test(arguments: [true, false])
    func whoTakesAllDescriptorsStopsNobody(hasKeys: Bool) async throws {
        try await ProcessHarness.run { harness in
            let cluster = try SecureProcesses(harness)
            for name in ["boss", "alice"] { try await cluster.makeKey(name, roles: ["coordinator", "operator"]) }
            func keys(_ name: String) -> [String] {
                hasKeys ? ["--key-file", cluster.path(of: name), "--trust", cluster.trust] : []
            }
            let port = try ProcessHarness.freePorts()
            let address = "tcp://127.0.0.1:\(port)"
            let coordinator = try harness.start(
                "/bin/sh",
                ["-c", "ulimit -n 1024; exec \"$@\"", "weft", try ProcessHarness.weftPath(), "coordinator"]
                    + ["--bind", address, "--ledger", "memory"] + keys("boss"))
            _ = try await coordinator.errorLine(containing: ": ready")
            let member = try harness.weft(["lab-node", "--join", address] + keys("alice"), input: .open)
            _ = try await member.output.prefix(1)
            member.write("rate 100\n")

            // At its control, its events and its sink.
            let attackers = try (0..<3).map { offset in
                try harness.start("/bin/bash", ["-c", Self.attack, "attack", "\(Int(port) + offset)"])
            }
            for attacker in attackers { _ = try await attacker.line(containing: "round 3", within: .seconds(60)) }
            _ = try await coordinator.errorLine(containing: "nearly all descriptors are in use", within: .seconds(60))
            // Those who were there before go on: events are heard, and the head of the stream comes back as a cursor.
            let during = try Self.emitted(member)
            try await member.output.wait(for: "more events") { lines in
                (lines.last.flatMap { try? Value(json: $0)["emitted"]?.intValue } ?? 0) > during + 500
            }
            #expect(coordinator.isRunning)
            let last = try #require(member.output.elements.last)
            let counters = try Value(json: last)["counters"]
            #expect(counters?["died"] == 0)

            for attacker in attackers { attacker.kill() }
            // It is as if nothing had happened.
            let status = try harness.weft(["status", "--json", "--join", address] + keys("alice"))
            try await status.exit(expecting: .code(0), within: .seconds(30))
            let emitter = try harness.weft(["emit", "done", "1", "--join", address] + keys("alice"))
            try await emitter.exit(expecting: .code(0), within: .seconds(30))
            #expect(emitter.output.elements.first?.hasPrefix("1 event emitted, confirmed by 2 of 2") == true)
            #expect(coordinator.isRunning && member.isRunning)
        }
    }

    private static func emitted(_ member: TestProcess) throws -> Int64 {
        let line = try #require(member.output.elements.last)
        return try #require(try Value(json: line)["emitted"]?.intValue)
    }
}
