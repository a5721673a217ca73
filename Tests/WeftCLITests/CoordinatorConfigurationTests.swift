// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import Weft
import WeftProtocol
import WeftSQLite
import WeftTestKit
import WeftValue

@testable import WeftCLI

/// The file of `coordinator --config`.
struct CoordinatorConfigurationTests {
    private static func read(_ text: String) throws -> CoordinatorFile {
        let path = "/tmp/weft-test-\(UUID().uuidString).json"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try CoordinatorFile(path: path)
    }

    /// The example of the documentation, which must say everything that can be said.
    private static func documented() throws -> String {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/configuration.md")
        let text = String(decoding: try Data(contentsOf: page), as: UTF8.self)
        let begin = try #require(text.firstRange(of: "```json\n")).upperBound
        let end = try #require(text[begin...].firstRange(of: "```")).lowerBound
        return String(text[begin..<end])
    }

    @Test func theDocumentedExampleLoads() throws {
        let file = try Self.read(try Self.documented())
        let tasks = file.coordinator.dispatcher
        #expect(tasks.maximumRunning == 100)
        #expect(tasks.limitGrace == .seconds(20))
        #expect(tasks.lease == .seconds(15))
        #expect(tasks.retry.backoff == .seconds(1))
        #expect(tasks.retry.maximumBackoff == .seconds(300))
        #expect(
            tasks.queues["payments"]
                == QueueConfiguration(
                    weight: 3, maximumRunning: 4, maximumRunningPerKey: 1, rate: 10, burst: 20))
        // What a queue does not say is the default queue's.
        #expect(tasks.queues["mail"]?.maximumRunning == tasks.defaultQueue.maximumRunning)
        #expect(tasks.queues["mail"]?.rate == 0.5)
        let trigger = try #require(file.coordinator.triggers.first)
        #expect(trigger.name == "mail-order" && trigger.pattern == "order:*")
        #expect(trigger.task.queue == "mail" && trigger.task.attempts == 3 && trigger.task.timeLimit == .seconds(60))
        #expect(file.ledger.place == .file("tasks.ledger"))
        #expect(file.ledger.synchronous == .full)
        #expect(file.ledger.keepFor == .seconds(7 * 86_400))
    }

    @Test(arguments: [
        (#"{"task": {}}"#, "task: means nothing here; known are ledger, tasks, triggers"),
        (#"{"tasks": {"queues": {"p": {"wieght": 1}}}}"#, "tasks.queues.p.wieght: means nothing here"),
        (#"{"tasks": {"queues": {"p\u001b[2J": 3}}}"#, "tasks.queues.p [2J: must be an object, not 3"),
        (#"{"tasks": {"queues": {"p": 3}}}"#, "tasks.queues.p: must be an object, not 3"),
        (#"{"tasks": {"maximum_running": 0}}"#, "tasks.maximum_running: must be a whole number from 1"),
        (#"{"tasks": {"maximum_running": 1.5}}"#, "tasks.maximum_running: must be a whole number from 1"),
        (#"{"tasks": {"lease": "15 parsecs"}}"#, "tasks.lease: must be a duration such as 500ms"),
        (#"{"tasks": {"lease": "1s"}}"#, "at least 3s, not \"1s\""),
        (#"{"tasks": {"default_queue": {"rate": -1}}}"#, "tasks.default_queue.rate: must be a number above 0"),
        (#"{"ledger": {"synchronous": "maybe"}}"#, #"ledger.synchronous: must be "full" or "normal", not "maybe""#),
        (#"{"ledger": {"path": ""}}"#, "ledger.path: must be a text that is not empty"),
        (#"{"triggers": {"t": {}}}"#, "triggers.t.event: must be an event's name such as order:created"),
        (#"{"triggers": {"t": {"event": "a*b"}}}"#, "or a pattern such as order:*, not \"a*b\""),
        (#"[1]"#, "the file: must be an object"),
        ("{\n \"tasks\": oops}", "is not JSON"),
    ])
    func mistakesAreNamedWithTheirPlace(text: String, complaint: String) throws {
        let failure = try #require(throws: CommandFailure.self) { try Self.read(text) }
        #expect(failure.status == .configuration)
        #expect(failure.message.contains(complaint), "\(failure.message)")
    }

    @Test func everyMistakeIsNamedAtOnce() throws {
        let failure = try #require(throws: CommandFailure.self) {
            try Self.read(#"{"a": 1, "tasks": {"lease": false, "retry": {"backoff": {}}}}"#)
        }
        #expect(failure.message.split(separator: "\n").count == 4)
    }

    @Test func theFileIsUsedAndFlagsWinOverIt() async throws {
        try await ProcessHarness.run { harness in
            let folder = try harness.temporaryDirectory()
            let config = folder + "/weft.json"
            try Data(
                #"{"tasks": {"retry": {"handler_attempts": 2, "backoff": "1ms"}}, "ledger": {"path": "\#(folder)/a"}}"#
                    .utf8
            )
            .write(to: URL(filePath: config))
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let first = try harness.weft("coordinator", "--bind", endpoint, "--config", config)
            _ = try await first.errorLine(containing: "ledger \(folder)/a")
            let worker = try harness.weft("worker", "--exec", "exit 1", "--join", endpoint)
            _ = try await worker.errorLine(containing: ": ready")
            let submit = try harness.weft("submit", "x", "--id", "x-1", "--wait", "--join", endpoint)
            try await submit.exit(expecting: .code(1))
            let show = try harness.weft("tasks", "show", "x-1", "--json", "--join", endpoint)
            try await show.exit(expecting: .code(0))
            #expect(try Value(json: try #require(show.output.elements.first))["handler_failures"] == 2)
            let second = try harness.weft(
                "coordinator", "--bind", anyPort, "--ledger", folder + "/b", environment: ["WEFT_CONFIG": config])
            _ = try await second.errorLine(containing: "ledger \(folder)/b")
            let third = try harness.weft("coordinator", "--config", folder + "/none")
            try await third.exit(expecting: .code(78))
            _ = try await third.errorLine(containing: "none cannot be read")
        }
    }

    @Test func theFileSaysHowLongADrainMayTake() async throws {
        try await ProcessHarness.run { harness in
            let folder = try harness.temporaryDirectory()
            try Data(#"{"tasks": {"drain": "500ms"}}"#.utf8).write(to: URL(filePath: folder + "/weft.json"))
            let coordinator = try harness.weft("coordinator", "--bind", anyPort, "--config", folder + "/weft.json")
            let endpoint = try await coordinator.endpoint()
            let began = folder + "/began"
            try await harness.start("/usr/bin/mkfifo", [began]).exit(expecting: .code(0))
            let reader = try harness.start("/bin/cat", [began])
            _ = try harness.weft("worker", "--exec", "echo up >\(began); exec sleep 600", "--join", endpoint)
            try await harness.weft("submit", "x", "--join", endpoint).exit(expecting: .code(0))
            _ = try await reader.line(containing: "up")
            coordinator.terminate()
            _ = try await coordinator.errorLine(containing: "1 task still runs, 1 s left")
            try await coordinator.exit(expecting: .code(0), within: .seconds(20))
        }
    }
}
