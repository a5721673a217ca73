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

/// Ten tasks of the platform's, and a real coordinator that dies twice in their course: at the second pass through a place, and
/// its successor at the fourth.
struct FailpointClusterTests {
    @Test(arguments: [
        "ledger.write.before", "ledger.write.after", "accept.answer.before", "dispatch.send.before",
        "dispatch.send.after", "result.receive.before", "acknowledge.send.before", "acknowledge.send.after",
        "report.send.before", "report.send.after",
    ])
    func everyTaskCompletesOnceWhenTheCoordinatorDiesAt(place: String) async throws {
        try await ProcessHarness.run { harness in
            let url = try await harness.weft("platform", "--listen", "127.0.0.1:0", "--redeliver", "off").url()
            let platform = PlatformProbe(url: url)
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let file = try harness.temporaryDirectory() + "/tasks.ledger"
            var environment: [String: String?] = [
                "XPANDER_BASE_URL": url, "XPANDER_API_KEY": "test", "XPANDER_ORGANIZATION_ID": "org",
                "XPANDER_AGENT_ID": "a-1",
            ]
            let arguments = ["coordinator", "--bind", endpoint, "--ledger", file]
            let handler = try harness.script(#"cat >/dev/null; echo "$WEFT_TASK_ID, try $WEFT_TASK_ATTEMPT""#)
            let worker = try harness.weft("worker", "--exec", handler, "--slots", "2", "--join", endpoint)
            for (pass, numbers) in [(2, 1...5), (4, 6...10)] {
                for number in numbers {
                    try await platform.hand(["id": .string("t-\(number)"), "agent_id": "a-1", "text": "work"])
                }
                environment["WEFT_FAILPOINT"] = "\(place):\(pass)"
                let coordinator = try harness.weft(arguments, environment: environment)
                try await coordinator.exit(expecting: .signal(SIGKILL), within: .seconds(120))
            }
            environment["WEFT_FAILPOINT"] = .some(nil)
            _ = try await harness.weft(arguments, environment: environment).endpoint()
            for task in try await platform.finishedTasks(10, within: .seconds(120)) {
                let id = try #require(task["id"]?.stringValue)
                let updates = try #require(try await platform.task(id)["updates"]?.arrayValue)
                let ends = updates.filter { $0["status"] == "completed" || $0["status"] == "error" }
                // Said again perhaps, and never something else.
                #expect(Set(ends.map { $0["status"] }) == ["completed"])
                let results = Set(ends.compactMap { $0["result"]?.stringValue })
                #expect(results.count == 1)
                #expect(results.first?.hasPrefix("\(id), try ") == true)
                #expect(!ends.contains { $0["conflict"] == true })
            }
            let list = try harness.weft("tasks", "ls", "--json", "--join", endpoint)
            try await list.exit(expecting: .code(0))
            let states = try list.output.elements.map { try Value(json: $0)["state"]?.stringValue }
            #expect(states == Array(repeating: "completed", count: 10))
            worker.terminate()
            try await worker.exit(expecting: .code(0))
        }
    }
}
