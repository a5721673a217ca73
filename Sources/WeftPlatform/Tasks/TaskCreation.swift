// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// What a task is created from.
public struct TaskCreation: Hashable, Sendable {
    /// What is asked for.
    public var input: TaskInput
    /// The id that the task should get; nil lets the platform choose.
    public var id: String?
    /// Where it comes from.
    public var source: String?
    /// The worker that runs it; only together with ``runsLocally``.
    public var workerID: String?
    /// Whether the caller runs it, so that the platform sends it to nobody.
    public var runsLocally: Bool
    /// The form that the result should have.
    public var outputFormat: OutputFormat?
    /// The JSON schema that a JSON result should follow.
    public var outputSchema: Value?
    /// Whether the task's update stream will be watched.
    public var isStreaming: Bool
    /// The version of the agent that is asked; nil for the newest.
    public var agentVersion: String?
    /// Members beyond these, by the platform's names; they win.
    public var other: [String: Value]

    /// Creates the description of a task.
    public init(
        input: TaskInput, id: String? = nil, source: String? = nil, workerID: String? = nil, runsLocally: Bool = false,
        outputFormat: OutputFormat? = nil, outputSchema: Value? = nil, isStreaming: Bool = false,
        agentVersion: String? = nil, other: [String: Value] = [:]
    ) {
        self.input = input
        self.id = id
        self.source = source
        self.workerID = workerID
        self.runsLocally = runsLocally
        self.outputFormat = outputFormat
        self.outputSchema = outputSchema
        self.isStreaming = isStreaming
        self.agentVersion = agentVersion
        self.other = other
    }

    /// The body: every member of the protocol, null when unset.
    public var value: Value {
        var members: [String: Value] = [
            "id": self.id.map(Value.string) ?? .null,
            "input": self.input.value,
            "payload_extension": .null,
            "source": self.source.map(Value.string) ?? .null,
            "worker_id": self.workerID.map(Value.string) ?? .null,
            "output_format": self.outputFormat.map { .string($0.rawValue) } ?? .null,
            "output_schema": self.outputSchema ?? .null,
            "run_locally": .bool(self.runsLocally),
            "events_streaming": .bool(self.isStreaming),
            "mcp_servers": [],
            "think_mode": "default",
            "disable_attachment_injection": false,
            "return_metrics": false,
        ]
        let unset = [
            "additional_context", "instructions_override", "test_run_node_id", "user_oidc_token", "expected_output",
            "triggering_agent_id", "title", "tool_call_limit", "user_tokens", "llm_model_provider", "llm_model_name",
            "llm_reasoning_effort", "harness_cli", "permission_mode",
        ]
        for name in unset { members[name] = .null }
        members.merge(self.other) { _, new in new }
        return .object(members)
    }
}
