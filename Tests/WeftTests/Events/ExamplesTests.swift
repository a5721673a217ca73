// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing
import Weft
import WeftServer
import WeftTestKit

struct ExamplesTests {
    private func example(
        _ harness: ProcessHarness, _ arguments: String..., input: TestInput = .none,
        environment: [String: String?] = [:]
    ) throws -> TestProcess {
        try harness.start(
            ProcessHarness.path(ofProduct: "Examples"), arguments, input: input, environment: environment)
    }

    @Test func tourShowsEveryRowOfTheBus() async throws {
        try await ProcessHarness.run { harness in
            let tour = try self.example(harness, "tour")
            try await tour.exit(expecting: .code(0))
            let lines = tour.output.elements.map { $0.drop { $0 == " " } }
            for line in [
                "ada logged in", "ada is stored", "listeners: 2, delivered: 2", "welcome, ada!",
                "the second time anyone listened: false", "grace logged out", "audit: order:created", #"order "o-1""#,
                "error: the card was declined", "the next handler runs: o-1", "failures: 1", "heard of alan",
                "listeners of user:login: 1", "names: error, payment:due, user:login, user:logout",
                "events: 8, logins: 2", "after clearing: 0", "of one name: 0", "of all: 0",
            ] {
                #expect(lines.contains(line[...]), "\(line)")
            }
            // The first of the two handlers was taken off before grace came.
            #expect(!lines.contains("grace logged in"))
        }
    }

    @Test func twoServicesChainEventsAcrossProcesses() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let payments = try self.example(harness, "payments", endpoint)
            let orders = try self.example(harness, "orders", endpoint)
            try await orders.exit(expecting: .code(0))
            #expect(
                orders.output.elements == [
                    "orders: o-1 is paid with 9.5", "orders: o-2 is paid with 9.5", "orders: o-3 is paid with 9.5",
                    "orders: confirmed by 1",
                ])
            _ = try await payments.line(containing: "o-3 is completed")
            #expect(
                payments.output.elements.filter { $0.contains("charging") } == [
                    "payments: charging 9.5 for o-1", "payments: charging 9.5 for o-2",
                    "payments: charging 9.5 for o-3",
                ])
            payments.terminate()
            try await payments.exit(expecting: .code(0))
        }
    }

    @Test func localTestPrintsStatusAndResult() async throws {
        try await ProcessHarness.run { harness in
            let test = try self.example(harness, "local-test")
            try await test.exit(expecting: .code(0))
            #expect(
                test.output.elements == [
                    "status: completed", #"result: {"title":"Woven on a loom","words":4}"#, "words: 4",
                ])
        }
    }

    @Test func typedTasksPrintsSizeAndRefusal() async throws {
        try await ProcessHarness.run { harness in
            let typed = try self.example(harness, "typed-tasks")
            try await typed.exit(expecting: .code(0))
            #expect(
                typed.output.elements == ["resized to 1000 × 750", "refused: an image has no negative side"])
        }
    }

    @Test func agentWorkerServesThePlatformUntilItIsTerminated() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            try await ProcessHarness.run { harness in
                let worker = try self.example(
                    harness, "agent-worker", environment: Self.variables(of: platform, agent: "agt_1"))
                try await EventsBench.within { try await standIn.wait { !$0.connectedWorkers.isEmpty } }
                let tasks = try await EventsBench.finished(
                    ["stock loom", "order silk", "order nothing", "hello"], at: standIn)
                #expect(tasks.map(\.status) == ["completed", "completed", "error", "completed"])
                #expect(
                    tasks.map(\.result) == [
                        #"{"item":"loom","status":"available"}"#, "packed: order silk",
                        "Nothing is left in the warehouse", "Processed: hello",
                    ])
                worker.terminate()
                try await worker.exit(expecting: .code(0))
                #expect(worker.output.elements == ["opening the warehouse", "closing the warehouse"])
            }
        }
    }

    @Test(arguments: [true, false]) func aSecondSignalEndsAnAgentWorkerWhoseHandlerHangs(inCluster: Bool) async throws {
        try await EventsBench.withPlatform { standIn, platform in
            var configuration = Events.Configuration.embedded(platform: inCluster ? platform : nil)
            // Nobody is left to end the task.
            configuration.drainDeadline = .milliseconds(100)
            let coordinator = EventsBench.events(configuration) {
                OnTask("never") { (_: String, _) in "" }
            }
            try await coordinator.withRunning { coordinator in
                let environment: [String: String?] =
                    inCluster
                    ? ["WEFT_JOIN": try coordinator.endpoint, "XPANDER_AGENT_ID": "agt_1"]
                    : Self.variables(of: platform, agent: "agt_1")
                try await ProcessHarness.run { harness in
                    let worker = try self.example(harness, "agent-worker", environment: environment)
                    try await EventsBench.within { try await standIn.wait { !$0.connectedWorkers.isEmpty } }
                    _ = try standIn.handTask(["text": "count", "agent_id": "agt_1"])
                    _ = try await worker.line(containing: "counting")
                    worker.terminate()
                    _ = try await worker.errorLine(containing: "a second signal aborts")
                    #expect(worker.isRunning)
                    worker.interrupt()
                    try await worker.exit(expecting: .code(130))
                    #expect(!worker.output.elements.contains("closing the warehouse"))
                }
            }
        }
    }

    @Test func agentWorkerNamesEveryMissingVariable() async throws {
        try await ProcessHarness.run { harness in
            let worker = try self.example(harness, "agent-worker")
            guard case .code(let code) = try await worker.exit() else {
                Issue.record("it did not end by itself")
                return
            }
            #expect(code != 0)
            let message = worker.errors.elements.joined(separator: "\n")
            for name in ["XPANDER_AGENT_ID", "XPANDER_ORGANIZATION_ID", "XPANDER_API_KEY"] {
                #expect(message.contains(name))
            }
        }
    }

    @Test func sameWorkerJoinsAClusterByItsEnvironmentAlone() async throws {
        try await EventsBench.withPlatform { standIn, platform in
            let first = EventsBench.events(.embedded(platform: platform)) {
                OnTask("never") { (_: String, _) in "" }
            }
            try await first.withRunning { first in
                let endpoint = try first.endpoint
                try await ProcessHarness.run { harness in
                    let worker = try self.example(
                        harness, "agent-worker", environment: ["WEFT_JOIN": endpoint, "XPANDER_AGENT_ID": "agt_1"])
                    let tasks = try await EventsBench.finished(["hello"], at: standIn)
                    #expect(tasks.map(\.result) == ["Processed: hello"])
                    worker.interrupt()
                    try await worker.exit(expecting: .code(0))
                }
            }
        }
    }

    @Test func severalAgentsAnswerAndStopByHand() async throws {
        try await EventsBench.withPlatform(agents: []) { standIn, platform in
            try await ProcessHarness.run { harness in
                let program = try self.example(
                    harness, "several-agents", "support", "billing", input: .open,
                    environment: Self.variables(of: platform, agent: nil))
                _ = try await program.line(containing: "registered: support, billing")
                let support = try await EventsBench.finished(["x"], agent: "support", at: standIn)
                let billing = try await EventsBench.finished(["y"], agent: "billing", at: standIn)
                #expect(support.map(\.result) == ["support answers: x"])
                #expect(billing.map(\.result) == ["billing answers: y"])
                program.write("stop\n")
                try await program.exit(expecting: .code(0))
                #expect(program.output.elements.suffix(2) == ["shut down", "stopped"])
                #expect(program.output.elements.contains("background work is done"))
            }
        }
    }

    private static func variables(of platform: PlatformConfiguration, agent: String?) -> [String: String?] {
        [
            "XPANDER_BASE_URL": platform.baseURL, "XPANDER_API_KEY": platform.apiKey.exposed,
            "XPANDER_ORGANIZATION_ID": platform.organizationID, "XPANDER_AGENT_ID": agent,
        ]
    }

    @Test func webShopEmitsAndListens() async throws {
        try await ProcessHarness.run { harness in
            let shop = try self.example(harness, "web", "0")
            let address = try await shop.line(containing: "listening on ").dropFirst("listening on ".count)
            let client = HTTPClient()
            let answer = try await client.send(HTTPRequest(method: "POST", url: "\(address)/orders/o-7"))
            #expect(String(decoding: answer.body, as: UTF8.self) == "order o-7 was seen by 1\n")
            let audit = try await client.send(HTTPRequest(method: "GET", url: "\(address)/audit"))
            #expect(String(decoding: audit.body, as: UTF8.self) == "order:created \"o-7\"\n")
            await client.shutdown()
            shop.terminate()
            try await shop.exit(expecting: .code(0))
        }
    }
}
