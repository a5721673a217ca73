// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// The metrics of one finished task, sent after its final update and only when token counts are known.
public struct ExecutionReport: Hashable, Sendable {
    /// The task as it was run.
    public var task: PlatformTask
    /// The final status.
    public var status: TaskStatus
    /// The result.
    public var result: String?
    /// The counts.
    public var tokens: TokenCounts
    /// The tools that were used.
    public var usedTools: [String]
    /// How long the handler took, in seconds.
    public var duration: Double
    /// The language model's name, `xpander` when unknown.
    public var model: String

    /// Creates a report.
    public init(
        task: PlatformTask, status: TaskStatus, result: String?, tokens: TokenCounts, usedTools: [String] = [],
        duration: Double = 0, model: String = "xpander"
    ) {
        self.task = task
        self.status = status
        self.result = result
        self.tokens = tokens
        self.usedTools = usedTools
        self.duration = duration
        self.model = model
    }

    /// The body.
    public var value: Value {
        // An orchestration reports the counts of its parts itself.
        let isCounted = !(self.task.returnsMetrics && self.task.source == "orchestration")
        let none = TokenCounts()
        return [
            "execution_id": .string(self.task.id),
            "memory_thread_id": .string(self.task.id),
            "source": .string(self.task.source ?? "api"),
            "task": .string(self.task.input.text),
            "status": .string(self.status.rawValue),
            "internal_status": self.task.internalStatus.map(Value.string) ?? .null,
            "duration": .double(self.duration.isFinite ? self.duration : 0),
            "ai_model": .string(self.model),
            "api_calls_made": isCounted ? .array(self.usedTools.map(Value.string)) : [],
            "result": self.result.map(Value.string) ?? .null,
            "llm_tokens": ["inner": none.value, "worker": isCounted ? self.tokens.value : none.value],
            "sub_executions": [],
            "skills": [],
            "triggered_by": "N/A",
            "worker": .null,
            "ai_employee_id": .null,
        ]
    }
}
