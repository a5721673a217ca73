// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import WeftValue

struct PlatformCommandTests {
    @Test func itTakesTasksOverHTTPAndEndsOnSIGTERM() async throws {
        try await ProcessHarness.run { harness in
            let platform = try harness.weft("platform", "--listen", "127.0.0.1:0")
            let url = try await platform.url()
            let client = PlatformProbe(url: url)
            try await client.hand(["id": "t-1", "agent_id": "a-1", "text": "hello"])
            let task = try await client.task("t-1")
            #expect(task["status"] == "pending")
            #expect(task["input"]?["text"] == "hello")
            platform.terminate()
            try await platform.exit(expecting: .code(0))
        }
    }

    @Test func ctrlCIsAnInterruption() async throws {
        try await ProcessHarness.run { harness in
            let platform = try harness.weft("platform", "--listen", "127.0.0.1:0")
            _ = try await platform.url()
            platform.interrupt()
            try await platform.exit(expecting: .code(130))
        }
    }

    @Test func aPortInUseIsSaidWithWhatToDo() async throws {
        try await ProcessHarness.run { harness in
            let first = try harness.weft("platform", "--listen", "127.0.0.1:0")
            let address = try await first.url().dropFirst("http://".count)
            let second = try harness.weft("platform", "--listen", String(address))
            try await second.exit(expecting: .code(78))
            _ = try await second.errorLine(containing: "choose another address")
        }
    }

    @Test func aPlatformThatCannotBeReachedIsSaidAndTakenUpLater() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts()
            let coordinator = try harness.weft(
                "coordinator", "--bind", anyPort, "--ledger", "memory",
                environment: [
                    "XPANDER_BASE_URL": "http://127.0.0.1:\(port)", "XPANDER_API_KEY": "k",
                    "XPANDER_ORGANIZATION_ID": "o", "XPANDER_AGENT_ID": "a-1",
                ])
            _ = try await coordinator.errorLine(containing: "The platform cannot be reached; still trying")
            _ = try harness.weft("platform", "--listen", "127.0.0.1:\(port)")
            _ = try await coordinator.errorLine(containing: "Registered at the platform")
        }
    }

    @Test func anAgentThatIsServedElsewhereEndsTheCoordinatorWithAMessage() async throws {
        try await ProcessHarness.run { harness in
            let platform = try harness.weft("platform", "--listen", "127.0.0.1:0")
            let url = try await platform.url()
            let coordinator = try harness.weft(
                "coordinator", "--bind", anyPort, "--ledger", "memory", "--log-level", "info",
                environment: [
                    "XPANDER_BASE_URL": url, "XPANDER_API_KEY": "key", "XPANDER_ORGANIZATION_ID": "o",
                    "XPANDER_AGENT_ID": "a-1",
                ])
            _ = try await coordinator.errorLine(containing: "Registered at the platform")
            try await PlatformProbe(url: url).fault(["fault": "conflict", "reason": "another place"])
            try await coordinator.exit(expecting: .code(1))
            _ = try await coordinator.errorLine(containing: "weft: The platform says that agent a-1 is served from")
        }
    }
}
