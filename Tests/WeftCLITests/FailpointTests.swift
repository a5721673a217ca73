// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `WEFT_FAILPOINT`, with which the real coordinator dies at a chosen place.
struct FailpointTests {
    @Test func aMisspelledFailPointIsRefusedByName() async throws {
        try await ProcessHarness.run { harness in
            for (value, hint) in [("ledger.writ.before:1", "ledger.write.before"), ("ledger.write.before", "NAME:N")] {
                let coordinator = try harness.weft(
                    "coordinator", "--bind", anyPort, environment: ["WEFT_FAILPOINT": value])
                try await coordinator.exit(expecting: .code(78))
                _ = try await coordinator.errorLine(containing: hint)
            }
        }
    }

    /// Whatever the place: the coordinator dies there, and the next one at its ledger completes the task that was on its way.
    @Test(arguments: [
        "ledger.write.before:1", "ledger.write.after:1", "accept.answer.before:1", "dispatch.send.before:1",
        "dispatch.send.after:1", "result.receive.before:1", "acknowledge.send.before:1", "acknowledge.send.after:1",
    ])
    func aTaskOutlivesACrashAt(place: String) async throws {
        try await ProcessHarness.run { harness in
            let file = try harness.temporaryDirectory() + "/tasks.ledger"
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let arguments = ["coordinator", "--bind", endpoint, "--ledger", file]
            let first = try harness.weft(arguments, environment: ["WEFT_FAILPOINT": place])
            _ = try await first.endpoint()
            let worker = try harness.weft("worker", "--exec", "cat", "--slots", "2", "--join", endpoint)
            let submit = try harness.weft("submit", "dishes", "--id", "t-1", "--wait", "--join", endpoint)
            try await first.exit(expecting: .signal(SIGKILL))
            _ = try await harness.weft(arguments).endpoint()
            // It repeats what was not answered, and then waits for the end as the second coordinator tells it.
            try await submit.exit(expecting: .code(0))
            #expect(submit.output.elements == [#""dishes""#])
            worker.terminate()
            try await worker.exit(expecting: .code(0))
        }
    }
}
