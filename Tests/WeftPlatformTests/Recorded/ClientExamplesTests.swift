// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import FoundationEssentials
import ServerSentEvents
import Testing
import WeftTestKit
import WeftValue

@testable import WeftPlatform

/// Our client, driven by recorded event streams, sends what the recorded client sent.
@Suite(.timeLimit(.minutes(3)))
struct ClientExamplesTests {
    @Test(arguments: ["one_task_completed", "one_task_failed"])
    func aTaskLeadsToTheRecordedRequests(exchange: String) async throws {
        let steps = try Examples().steps(exchange)
        try await RecordedPlatform.with(streams: [steps.map(\.eventText).joined()], answers: steps) { platform in
            let http = HTTPClient()
            let client = try Self.client(platform, http)
            let connection = client.connection(agentID: "agent-5678")
            var iterator = connection.makeAsyncIterator()
            guard case .registered(let record)? = await iterator.next() else { throw FixtureError() }
            #expect(record.id == "worker-0001")
            #expect(record.agentUniqueName == "example-agent")
            guard case .task(let task)? = await iterator.next() else { throw FixtureError() }
            #expect(task.id == "task-0001")

            let seen = try await client.update(task.id, .executing)
            #expect(seen?.status == .executing)
            connection.setBusy(true)
            try await Self.capacity(1, platform)
            if exchange == "one_task_completed" {
                let current = try await client.task(task.id)
                #expect(current.status == .executing)
                let tokens = TokenCounts(completion: 3, prompt: 4)
                try await client.update(task.id, TaskUpdate(status: .completed, result: "echo:hello", tokens: tokens))
                try await client.report(
                    ExecutionReport(task: task, status: .completed, result: "echo:hello", tokens: tokens),
                    agentID: "agent-5678")
            } else {
                try await client.update(task.id, TaskUpdate(status: .error, result: "the handler failed"))
            }
            connection.setBusy(false)
            try await Self.capacity(2, platform)
            connection.cancel()
            try Self.expect(platform.calls.elements, toMatch: steps)
            await http.shutdown()
        }
    }

    @Test func taskCallsAreTheRecordedOnes() async throws {
        let steps = try Examples().steps("other_task_calls")
        let local = try Examples().steps("local_test_task")
        let events = steps.map(\.eventText).joined()
        try await RecordedPlatform.with(streams: [events], answers: steps) { platform in
            let http = HTTPClient()
            let client = try Self.client(platform, http)
            let agent = try await client.agent("agent-5678")
            #expect(agent.uniqueName == "example-agent")
            #expect(agent.version == 1)
            let task = try await client.create(
                TaskCreation(
                    input: TaskInput(text: "watch me"), source: "sdk", isStreaming: true, agentVersion: "3"),
                agentID: "agent-5678")
            var types: [String] = []
            for try await event in client.events(of: task.id) { types.append(event.type) }
            #expect(types == ["task_created", "task_updated", "tool_call_request", "task_finished"])
            try await client.update(task.id, .executing)
            try await client.push(
                [
                    TaskUpdateEvent(
                        type: "tool_call_request", taskID: task.id, organizationID: "org-1234", time: .now,
                        data: [
                            "request_id": "request-1", "operation_id": "operation-1", "tool_call_id": .null,
                            "graph_node_id": .null, "tool_name": "lookup", "payload": ["q": "x"], "reasoning": .null,
                            "plan_task_id": .null,
                        ])
                ], to: task.id)
            try await client.update(task.id, TaskUpdate(status: .completed, result: "done"))
            #expect(try await client.task(task.id).result == "done")
            try await client.create(TaskCreation(input: TaskInput(text: "stop me")), agentID: "agent-5678")
            #expect(try await client.stop("task-0002")?.isManuallyStopped == true)
            let reported = try await client.report(
                OutsideTask(id: "external-1", input: "question", isSuccess: true, result: "answer", duration: 1.5),
                agentID: "agent-5678")
            #expect(reported.status == .completed)
            let history = try await client.history(agentID: "agent-5678")
            #expect(history.map(\.id) == ["task-0001", "task-0002", "external-1"])
            #expect(history.map(\.status) == [.completed, .stopped, .completed])
            try await client.create(
                TaskCreation(
                    input: TaskInput(text: "local test"), source: "sdk", workerID: "worker-0001", runsLocally: true,
                    outputFormat: .json, outputSchema: ["answer": "string"]),
                agentID: "agent-5678")
            try Self.expect(
                platform.calls.elements, toMatch: steps + local.filter { $0.method == "POST" && $0.query.isEmpty })
            await http.shutdown()
        }
    }

    @Test func aConflictIsFinal() async throws {
        let steps = try Examples().steps("environment_conflict")
        try await RecordedPlatform.with(streams: [steps.map(\.eventText).joined()]) { platform in
            let http = HTTPClient()
            let connection = try Self.client(platform, http).connection(agentID: "agent-5678")
            var elements: [AgentConnectionElement] = []
            for await element in connection { elements.append(element) }
            #expect(elements.count == 2)
            #expect(elements.last == .conflict(reason: "this agent is already served from the cloud environment"))
            #expect(platform.calls.elements.count { $0.method == "GET" } == 1)
            await http.shutdown()
        }
    }

    @Test func unusualFramesAreRead() async throws {
        let frames = try Examples().unusualFrames
        try await RecordedPlatform.with(streams: ["\u{FEFF}" + frames.map(\.eventText).joined()]) { platform in
            let http = HTTPClient()
            let connection = try Self.client(platform, http).connection(agentID: "agent-5678")
            var iterator = connection.makeAsyncIterator()
            guard case .registered? = await iterator.next() else { throw FixtureError() }
            guard case .task(let task)? = await iterator.next() else { throw FixtureError() }
            #expect(task.input.text == "frames may look like this")
            connection.cancel()
            await http.shutdown()
        }
    }

    // MARK: Helpers

    private static func client(_ platform: RecordedPlatform, _ http: HTTPClient) throws -> PlatformClient {
        PlatformClient(
            configuration: try PlatformConfiguration(
                baseURL: platform.url + "/", apiKey: Secret("key-1"), organizationID: "org-1234"),
            http: http)
    }

    private static func capacity(_ count: Int, _ platform: RecordedPlatform) async throws {
        try await platform.calls.wait(for: "capacity message \(count)") { calls in
            calls.count { $0.body?["event"] == "worker-capacity-update" } >= count
        }
    }

    /// Every recorded request has been sent, with the same method, path, query and headers, and a body of the same
    /// shape; and nothing else has been sent.
    ///
    /// Three things differ on purpose: updates are partial, heartbeats are in UTC with an offset, and the stream does
    /// not claim to support the model gateway. Busy is said as well, which the recording leaves out.
    private static func expect(_ calls: [RecordedPlatform.Call], toMatch steps: [Examples.Step]) throws {
        let steps = steps.filter { $0.method != nil }
        for step in steps {
            let query = Set(step.query.split(separator: "&").map(String.init)).subtracting(["supports_llm_gateway=true"]
            )
            let call = calls.first { call in
                call.method == step.method && call.path == step.path && call.query == query
                    && call.body?["event"] == step.body?["event"]
                    && (call.body?["input"] == nil || call.body?["input"]?["text"] == step.body?["input"]?["text"]
                        || step.body?["input"]?.objectValue == nil)
                    && (step.method != "PATCH" || call.body?["status"] == step.body?["status"])
            }
            let about = "\(step.method ?? "") \(step.path) \(step.body?["event"] ?? step.body?["status"] ?? "")"
            guard let call else {
                Issue.record("not sent: \(about)")
                continue
            }
            #expect(call.headers["x-api-key"] == "key-1", "\(about)")
            #expect(call.headers["authorization"] == nil)
            for name in step.headers.keys where name != "x-api-key" && !(name == "accept" && !step.isStream) {
                #expect(call.headers[name] == step.headers[name], "\(name) of \(about)")
            }
            #expect((call.body == nil) == (step.body == nil), "\(about)")
            if let body = call.body, let recorded = step.body {
                if step.method == "PATCH" {
                    #expect(Shape.differences(recorded, from: body) == [], "\(about)")
                    #expect(body["result"]?.stringValue == recorded["result"]?.stringValue, "\(about)")
                    #expect((body.objectValue ?? [:]).count <= 4, "an update is partial")
                } else {
                    #expect(Shape.differences(body, from: recorded) == [], "\(about)")
                    #expect(Set((body.objectValue ?? [:]).keys) == Set((recorded.objectValue ?? [:]).keys), "\(about)")
                }
            }
            if call.body?["event"] == "worker-heartbeat" {
                let time = call.body?["data"]?.stringValue ?? ""
                #expect(Date(rfc3339: time) != nil)
                #expect(time.hasSuffix("+00:00"))
            }
            if let id = call.body?["id"]?.stringValue, call.body?["event"] != nil {
                #expect(UUID(uuidString: id) != nil && id == id.lowercased())
            }
        }
        for call in calls {
            #expect(
                steps.contains { $0.method == call.method && $0.path == call.path },
                "nobody has recorded \(call.method) \(call.path)")
        }
    }
}
