// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Logging
import ServerSentEvents
import ServiceLifecycle
import Testing
import WeftTestKit
import WeftValue

@testable import WeftServer

@Suite(.timeLimit(.minutes(3)))
struct StandInPlatformTests {
    private static let logger = Logger(label: "stand-in") { _ in SwiftLogNoOpLogHandler() }

    private struct Running {
        let platform: StandInPlatform
        let http: HTTPClient
        let url: String

        func call(
            _ method: String, _ path: String, _ body: String? = nil, key: String? = "key-1"
        ) async throws -> (status: Int, body: Value) {
            var request = HTTPRequest(method: method, url: self.url + path, body: body.map { Array($0.utf8) })
            if let key { request.headers["x-api-key"] = key }
            let response = try await self.http.send(request)
            #expect(response.header("Content-Type") == "application/json")
            return (response.status, try Value(json: response.body))
        }
    }

    private func running(
        _ configuration: StandInPlatform.Configuration = .init(apiKey: "key-1", maximumBodyBytes: 100_000),
        _ body: (Running) async throws -> Void
    ) async throws {
        let platform = StandInPlatform(configuration: configuration, logger: Self.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await platform.run() }
            let http = HTTPClient()
            try await body(Running(platform: platform, http: http, url: try await platform.address().url))
            await http.shutdown()
            group.cancelAll()
        }
    }

    @Test func peopleHandTasksOverAndReadThemBack() async throws {
        try await self.running { running in
            let (status, task) = try await running.call(
                "POST", "/tasks", #"{"agent_id": "a", "text": "hello", "output_format": "json"}"#, key: nil)
            #expect(status == 201)
            #expect(task["input"]?["text"] == "hello")
            #expect(task["output_format"] == "json")
            let id = try #require(task["id"]?.stringValue)
            // The agent is known now, so it need not be named.
            #expect(try await running.call("POST", "/tasks", #"{"input": "again"}"#, key: nil).status == 201)
            _ = try await running.call(
                "PATCH", "/agent-execution/\(id)/update", #"{"status": "completed", "result": "r"}"#)
            let (_, seen) = try await running.call("GET", "/tasks/\(id)?wait=5", key: nil)
            #expect(seen["result"] == "r")
            #expect(seen["updates"]?[0]?["status"] == "completed")
            let (_, all) = try await running.call("GET", "/tasks", key: nil)
            #expect(all.arrayValue?.count == 2)
            let (_, counts) = try await running.call("GET", "/stats", key: nil)
            #expect(counts["tasks"] == ["completed": 1, "pending": 1, "executing": 0, "error": 0, "total": 2])
        }
    }

    @Test(
        arguments: [
            ("POST", "/tasks", "{", 400), ("POST", "/tasks", nil, 400), ("POST", "/tasks", "[]", 400),
            ("POST", "/tasks", #"{"text": "x"}"#, 400), ("POST", "/tasks", #"{"agent_id": "a"}"#, 400),
            ("POST", "/tasks", #"{"agent_id": 7, "text": "x"}"#, 400),
            ("POST", "/tasks", #"{"agent_id": "a", "text": "x", "input": {}}"#, 400),
            ("POST", "/tasks", #"{"agent_id": "a", "input": 7}"#, 400),
            ("POST", "/tasks", #"{"agent_id": "a", "text": ""}"#, 400),
            ("GET", "/tasks/nobody", nil, 404), ("GET", "/nowhere", nil, 404), ("PUT", "/tasks", "{}", 404),
            ("PATCH", "/agent-execution/nobody/update", "{}", 404), ("GET", "/agent-execution/nobody/status", nil, 404),
            ("POST", "/org/events/nobody?type=worker&agent_id=a", #"{"id": "1", "event": "worker-heartbeat"}"#, 404),
            ("POST", "/org/events/nobody", nil, 400), ("GET", "/org/events/a/?environment=moon", nil, 400),
            ("POST", "/agent-execution/a", #"{"input": "text"}"#, 400),
            ("POST", "/control/faults", #"{"fault": "x"}"#, 400),
            ("GET", "/agent-execution/t/events", nil, 404), ("POST", "/agents/a/llm-gateway-route/t", "{}", 404),
        ] as [(String, String, String?, Int)])
    func badInputGetsAnErrorThatSaysWhatWasWrong(method: String, path: String, body: String?, status: Int) async throws
    {
        try await self.running { running in
            let answer = try await running.call(method, path, body)
            #expect(answer.status == status)
            #expect((answer.body["error"]?.stringValue ?? "").utf8.count > 10)
        }
    }

    @Test func badUpdatesAreRefused() async throws {
        try await self.running { running in
            _ = try await running.call("POST", "/tasks", #"{"agent_id": "a", "text": "x", "id": "t"}"#)
            #expect(
                try await running.call("POST", "/tasks", #"{"agent_id": "a", "text": "x", "id": "t"}"#).status == 409)
            for body in ["[]", #"{"status": 1}"#, #"{"result": {}}"#, #"{"id": "other"}"#, "nonsense"] {
                #expect(try await running.call("PATCH", "/agent-execution/t/update", body).status == 400, "\(body)")
            }
            let large = #"{"result": ""# + String(repeating: "x", count: 200_000) + #""}"#
            #expect(try await running.call("PATCH", "/agent-execution/t/update", large).status == 413)
            #expect(running.platform.snapshot.task("t")?.updates == [])
        }
    }

    @Test(arguments: [nil, "", "wrong"] as [String?])
    func theProtocolNeedsTheRightKey(key: String?) async throws {
        try await self.running { running in
            let answer = try await running.call("GET", "/agents/list", key: key)
            #expect(answer.status == 401)
            #expect(answer.body["error"]?.stringValue?.contains("x-api-key") == true)
        }
    }

    @Test func everyKeyIsGoodWhenNoneIsConfigured() async throws {
        try await self.running(.init()) { running in
            let good = try await running.call("GET", "/agents/list", key: "any")
            #expect(good.status == 200)
            let bad = try await running.call("GET", "/agents/list", key: nil)
            #expect(bad.status == 401)
        }
    }

    @Test func faultsAreSetOverHTTP() async throws {
        try await self.running { running in
            let faults =
                #"[{"fault": "answer", "status": 503, "to": "read", "count": 2}, {"fault": "drop", "to": "read"}]"#
            #expect(try await running.call("POST", "/control/faults", faults).body == ["pending": 3])
            for _ in 0..<2 { #expect(try await running.call("GET", "/agent-execution/t/status").status == 503) }
            await #expect(throws: HTTPError.self) { try await running.call("GET", "/agent-execution/t/status") }
            #expect(try await running.call("GET", "/control/faults").body == ["pending": 0])
            _ = try await running.call("POST", "/control/faults", faults)
            #expect(try await running.call("POST", "/control/faults", #"{"clear": true}"#).body == ["pending": 0])
            #expect(try await running.call("GET", "/agent-execution/t/status").status == 404)
        }
    }

    @Test func aPortInUseIsSaidToBe() async throws {
        try await self.running { running in
            let port = try await running.platform.address().port
            let second = StandInPlatform(configuration: .init(port: port), logger: Self.logger)
            let error = await #expect(throws: StandInError.self) { try await second.run() }
            #expect(error?.message.contains(":\(port)") == true)
            await #expect(throws: StandInError.self) { try await second.address() }
        }
    }

    @Test func aShutdownIsPromptWithOpenStreams() async throws {
        let platform = StandInPlatform(
            configuration: .init(keepAlive: .seconds(600), shutdownGrace: .seconds(30)), logger: Self.logger)
        let services = ServiceGroup(configuration: .init(services: [.init(service: platform)], logger: Self.logger))
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let url = try await platform.address().url
            let http = HTTPClient()
            let source = http.eventSource(.init(url: url + "/org/events/a/", headers: ["x-api-key": "k"]))
            var iterator = source.makeAsyncIterator()
            guard case .opened? = await iterator.next(), case .event(let event)? = await iterator.next() else {
                Issue.record("no registration came")
                return
            }
            #expect(event.name == "worker-registration")
            await services.triggerGracefulShutdown()
            guard case .disconnected(let reason, _)? = await iterator.next() else {
                Issue.record("the stream did not end")
                return
            }
            #expect(reason.code == .closed)
            source.cancel()
            try await group.waitForAll()
            await http.shutdown()
        }
        #expect(start.duration(to: .now) < .seconds(15))
    }

    @Test func aClientThatLeavesIsNoticedAtOnce() async throws {
        try await self.running(.init(keepAlive: .seconds(600))) { running in
            let source = running.http.eventSource(
                .init(url: running.url + "/org/events/a/", headers: ["x-api-key": "k"]))
            var iterator = source.makeAsyncIterator()
            _ = await iterator.next()
            try await running.platform.wait { $0.connectedWorkers.count == 1 }
            source.cancel()
            try await running.platform.wait { $0.connectedWorkers.isEmpty }
        }
    }
}
