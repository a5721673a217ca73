// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import ServerSentEvents
import WeftValue

@testable import WeftPlatform

/// What the platform answers and what it sends over its streams, read as everything that the client reads.
@main
enum Platform: FuzzTarget {
    /// What must never be seen again once a task has been redacted.
    private static let secretMembers = ["user_tokens", "user_oidc_token"]

    static func check(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        for name in ["worker-registration", "agent-execution", "worker-environment-conflict", "other"] {
            let element = AgentConnectionElement(ServerSentEvent(name: name, data: text), agentID: "agent")
            expect((element == nil) == (name == "other"), "an event that is known is something, if only unreadable")
        }
        if let id = BrokenTask.id(in: bytes) {
            expect((1...BrokenTask.maximumIDBytes).contains(id.utf8.count), "the id of a broken task is short")
        }
        Self.checkResult(text)
        guard let value = try? Value(json: bytes) else { return }
        if case .object(let members) = value, let id = members["id"]?.stringValue, !id.isEmpty,
            id.utf8.count <= BrokenTask.maximumIDBytes, Self.hasOneID(text)
        {
            expect(BrokenTask.id(in: bytes) == id, "the id is found also when the rest is broken")
        }
        Self.checkTask(value)
        Self.checkOthers(value)
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        let recorded = try examples.platform()
        let tasks = recorded.objects.filter { $0["input"] != nil || $0["id"] != nil || $0["type"] != nil }
        let data = recorded.texts(named: "sse_text").flatMap { text in
            text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
        }
        let own = [
            #"{"id":"t","input":{"text":"x","files":["f"],"user":{"a":1}},"deep_planning":{"enabled":true,"tasks":[{"id":"1","title":"a","completed":true}]},"tokens":{"completion_tokens":9223372036854775807,"prompt_tokens":1},"mcp_servers":[{"url":"https://u:p@h:1/p?q","name":"n"}],"user_tokens":{"a":"b"},"payload_extension":{"llm_gateway":1},"created_at":1.5e300}"#,
            "<think>x</think>\n```json\n{\"a\": 1}\n```",
            #"{"type":"task_created","task_id":"t","time":"2026-11-21 07:20:03.8","data":{}}"#,
            #"{"id":"broken","input":"#,
        ]
        return Set(tasks.map { $0.json() } + data + own).sorted().map { Array($0.utf8) }
    }

    private static func checkResult(_ text: String) {
        for format in [nil, OutputFormat.json, .text, .markdown] {
            let result = ResultText.make(.string(text), format: format)
            expect(text.contains(result) || result == text, "a result is a part of what the handler gave")
            expect(ResultText.make(.string(result), format: format) == result, "a result is what it is")
        }
    }

    private static func checkTask(_ value: Value) {
        guard let task = try? PlatformTask(value, agentID: "agent") else { return }
        expect(!task.id.isEmpty && task.agentID != nil, "a task has an id and an agent")
        let redacted = task.redacted()
        expect(redacted.id == task.id && redacted.redacted() == redacted, "what is redacted stays so")
        expect(Self.secretMembers.allSatisfy { redacted.raw[$0] == nil }, "secrets are gone")
        expect(redacted.raw["payload_extension"]?["llm_gateway"] == nil, "the gateway's key is gone")
        for server in redacted.raw["mcp_servers"]?.arrayValue ?? [] {
            expect(server["headers"] == nil && server["env"] == nil, "servers' secrets are gone")
            if let url = server["url"]?.stringValue { expect(!url.contains("?"), "an address has no query") }
        }
        let input = TaskInput(task.input.value)
        expect(input == TaskInput(input.value), "an input comes back")
        if let tokens = task.tokens { expect(TokenCounts(tokens.value) == tokens, "counts come back") }
        let report = ExecutionReport(
            task: task, status: task.status, result: task.result, tokens: task.tokens ?? TokenCounts(),
            usedTools: task.usedTools)
        expect((try? Value(json: report.value.json())) != nil, "a report can be sent")
        let update = TaskUpdate(
            status: task.status, result: task.result, tokens: task.tokens, usedTools: task.usedTools)
        expect((try? Value(json: update.value.json())) == update.value, "an update can be sent")
        _ = (task.createdAt?.rfc3339Microseconds, task.plan, task.outputFormat, task.outputSchema, task.isOver)
        _ = (task.isStreaming, task.returnsMetrics, task.executionAttempts, task.agentVersion, task.conversationID)
    }

    private static func checkOthers(_ value: Value) {
        if let update = try? TaskUpdateEvent(value) {
            guard let again = try? TaskUpdateEvent(update.value) else { return expect(false, "an update is an update") }
            expect(again.value == update.value, "an update comes back")
            _ = again.task
        }
        if let worker = try? WorkerRecord(value) {
            _ = (worker.name, worker.agentID, worker.createdAt?.rfc3339Microseconds, worker.agentName)
        }
        if let agent = try? AgentRecord(value) { _ = (agent.name, agent.version, agent.instructions) }
        if let entry = HistoryEntry(value) { _ = (entry.status, entry.createdAt?.rfc3339Microseconds, entry.result) }
        for entry in value.arrayValue ?? [] { _ = HistoryEntry(entry) }
    }

    /// Whether a text is sure to have just one member that is called `id`, written plainly.
    private static func hasOneID(_ text: String) -> Bool {
        text.ranges(of: "\"id\"").count == 1 && !text.contains("\\") && text.first == "{"
    }
}
