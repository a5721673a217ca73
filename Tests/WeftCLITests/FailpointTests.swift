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

    /// `executing` at least once and never after the end; the end at least once and always the same: whatever the coordinator died of.
    @Test(arguments: [
        ("report.send.before:1", ["executing", "completed"]),
        ("report.send.after:1", ["executing", "executing", "completed"]),
        ("report.send.before:2", ["executing", "completed"]),
        ("report.send.after:2", ["executing", "completed", "completed"]),
    ])
    func thePlatformHearsOfBothAcrossACrashAt(place: String, updates: [String]) async throws {
        try await ProcessHarness.run { harness in
            let url = try await harness.weft("platform", "--listen", "127.0.0.1:0").url()
            let probe = PlatformProbe(url: url)
            let file = try harness.temporaryDirectory() + "/tasks.ledger"
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let arguments = ["coordinator", "--bind", endpoint, "--ledger", file]
            var environment: [String: String?] = [
                "XPANDER_BASE_URL": url, "XPANDER_API_KEY": "test", "XPANDER_ORGANIZATION_ID": "org",
                "XPANDER_AGENT_ID": "a-1", "WEFT_FAILPOINT": place,
            ]
            let first = try harness.weft(arguments, environment: environment)
            _ = try await first.endpoint()
            _ = try harness.weft("worker", "--exec", "cat >/dev/null; echo done", "--join", endpoint)
            try await probe.hand(["id": "t-1", "agent_id": "a-1", "text": "dishes"])
            try await first.exit(expecting: .signal(SIGKILL))
            environment["WEFT_FAILPOINT"] = .some(nil)
            let second = try harness.weft(arguments, environment: environment)
            _ = try await second.endpoint()
            _ = try await probe.finishedTasks(1)
            second.terminate()
            // It leaves when the platform has everything.
            try await second.exit(expecting: .code(0))
            let task = try await probe.task("t-1")
            let heard = task["updates"]?.arrayValue?.compactMap { $0["status"]?.stringValue } ?? []
            #expect(Array(heard.prefix(updates.count)) == updates)
            // A poll that crosses the final update on its way may have it said again, which changes nothing.
            #expect(heard.dropFirst(updates.count).allSatisfy { $0 == "completed" })
            #expect(task["result"] == "done")
            #expect(try await probe.statistics()["updates"]?["conflicting"] == 0)
        }
    }
}
