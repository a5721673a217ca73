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

/// What a listener missed for good, for whoever asks for just that.
@Suite(.timeLimit(.minutes(2)))
struct ListenGapTests {
    @Test(arguments: ["weft:gap", "weft:*"])
    func whoAsksForGapsByNameSeesThem(_ pattern: String) async throws {
        try await ProcessHarness.run { harness in
            // Nobody holds anything that could be fetched.
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let emitter = try harness.weft(
                "lab-node", "--bind", endpoint, "--payload", "1000", "--window", "0", "--others-windows", "0",
                input: .open)
            _ = try await emitter.output.prefix(1)
            let listener = try harness.weft("listen", pattern, "--json", "--join", endpoint)
            let everything = try harness.weft("listen", "*", "--json", "--join", endpoint)
            for one in [listener, everything] {
                _ = try await one.errorLine(containing: ": ready")
                one.signal(SIGSTOP)
            }
            // More than the buffers of a connection and of its sockets take.
            emitter.write("until 60000\nrate 100000\n")
            try await emitter.output.wait(for: "60,000 events") { lines in
                lines.last.flatMap { try? Value(json: $0)["emitted"]?.intValue } == 60_000
            }
            for one in [listener, everything] { one.signal(SIGCONT) }
            for one in [listener, everything] {
                let line = try await one.line(containing: "weft:gap")
                let gap = try Value(json: line)
                #expect(gap["name"] == "weft:gap")
                #expect(gap["arguments"]?[1]?.intValue ?? 0 > 0)
                #expect(gap["arguments"]?[2]?.intValue ?? 0 <= 60_000)
            }
        }
    }
}
