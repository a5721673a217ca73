// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftPlatform
import WeftValue

struct PlatformTaskTests {
    @Test func anIDAndAnInputAreEnough() throws {
        let task = try PlatformTask(["id": "t", "input": ["text": "hi"]], agentID: "a")
        #expect(task.agentID == "a")
        #expect(task.input.text == "hi")
        #expect(task.status == .pending)
        #expect(task.executionAttempts == 1)
        #expect(!task.isOver)
    }

    @Test(
        arguments: [
            ("[]", nil), ("{}", nil), (#"{"id": ""}"#, nil), (#"{"id": 7, "input": {}}"#, nil), (#"{"id": "t"}"#, "t"),
            (#"{"id": "t", "input": "text"}"#, "t"),
        ] as [(String, String?)])
    func aTaskThatCannotRunNamesItsIDIfItHasOne(json: String, id: String?) throws {
        let value = try Value(json: json)
        let error = #expect(throws: PlatformError.self) { try PlatformTask(value) }
        #expect(error?.code == .unreadableTask)
        #expect(error?.taskID == id)
    }

    @Test func nullsReadAsMissing() throws {
        let task = try PlatformTask([
            "id": "t", "input": ["text": .null, "user": .null, "principal": .null], "status": .null,
            "output_schema": .null, "tokens": .null,
        ])
        #expect(task.input == TaskInput(text: ""))
        #expect(task.outputSchema == Value?.none)
        #expect(task.status == .pending)
        #expect(task.tokens == nil)
    }

    @Test func unknownWordsAndTypesDoNotRejectATask() throws {
        let task = try PlatformTask([
            "id": "t", "input": ["text": 5, "files": ["u", 3]], "status": "resting", "output_format": "xml",
            "execution_attempts": "many", "tokens": "none", "is_manually_stopped": "no", "future": ["x": 1],
        ])
        #expect(task.status.rawValue == "resting")
        #expect(!task.status.isFinal)
        #expect(task.outputFormat?.rawValue == "xml")
        #expect(task.input.text == "")
        #expect(task.input.files == ["u"])
        #expect(task.tokens == nil)
        #expect(task.raw["future"] == ["x": 1])
    }

    @Test(arguments: [
        "2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456", "2026-01-02 03:04:05.123456",
        "2026-01-02T05:04:05.123456+02:00",
    ])
    func datesComeInSeveralForms(text: String) throws {
        let task = try PlatformTask(["id": "t", "input": [:], "created_at": .string(text)])
        #expect(task.createdAt?.rfc3339Microseconds == "2026-01-02T03:04:05.123456Z")
    }

    @Test func datesMayBeSeconds() throws {
        let task = try PlatformTask(["id": "t", "input": [:], "created_at": 12.5])
        #expect(task.createdAt == Date(timeIntervalSince1970: 12.5))
    }

    @Test func redactionLeavesNoSecret() throws {
        let task = try PlatformTask([
            "id": "t", "agent_id": "a", "input": ["text": "hello"], "user_tokens": ["x": "SECRET"],
            "user_oidc_token": "SECRET",
            "payload_extension": ["llm_gateway": ["base_url": "u", "token": "SECRET"], "kept": 1],
            "mcp_servers": [
                [
                    "name": "tools", "url": "https://me:SECRET@host:1/path?key=SECRET", "api_key": "SECRET",
                    "client_secret": "SECRET", "client_id": "SECRET", "headers": ["Authorization": "SECRET"],
                    "env_vars": ["A": "SECRET"], "command": "run --key SECRET", "a_new_secret": "SECRET",
                ]
            ],
        ])
        let redacted = task.redacted()
        #expect(!redacted.raw.json().contains("SECRET"))
        #expect(redacted.raw["mcp_servers"]?[0]?["url"] == "https://host:1/path")
        #expect(redacted.raw["mcp_servers"]?[0]?["name"] == "tools")
        #expect(redacted.raw["payload_extension"] == ["kept": 1])
        #expect(redacted.input.text == "hello")
        #expect(redacted.id == "t")
    }

    @Test func aPlanIsRead() throws {
        let plan = TaskPlan([
            "enabled": true, "tasks": [["id": "1", "title": "one", "completed": true], ["title": "no id"]],
        ])
        #expect(plan.isEnabled && !plan.isEnforced)
        #expect(plan.steps == [.init(id: "1", title: "one", isCompleted: true)])
    }

    @Test func updatesHoldOnlyWhatChanges() {
        #expect(TaskUpdate.executing.value == ["status": "executing"])
        #expect(TaskUpdate(status: .completed, result: "done").value == ["status": "completed", "result": "done"])
    }

    @Test func totalTokensNeverOverflow() {
        #expect(TokenCounts(completion: .max, prompt: 1).value["total_tokens"] == .int(.max))
    }
}
