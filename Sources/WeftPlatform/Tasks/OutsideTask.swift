// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// A task that ran without the platform and is reported to it afterwards.
public struct OutsideTask: Hashable, Sendable {
    /// The task's id, chosen by the reporter.
    public var id: String
    /// What was asked.
    public var input: String
    /// Whether it went well.
    public var isSuccess: Bool
    /// The result.
    public var result: String
    /// The language model's own answer, as it came; nil for none.
    public var modelResponse: Value?
    /// Token counts; nil when unknown.
    public var tokens: TokenCounts?
    /// How long it took, in seconds.
    public var duration: Double
    /// The tools that were used.
    public var usedTools: [String]

    /// Creates a report.
    public init(
        id: String, input: String, isSuccess: Bool, result: String, modelResponse: Value? = nil,
        tokens: TokenCounts? = nil, duration: Double = 0, usedTools: [String] = []
    ) {
        self.id = id
        self.input = input
        self.isSuccess = isSuccess
        self.result = result
        self.modelResponse = modelResponse
        self.tokens = tokens
        self.duration = duration
        self.usedTools = usedTools
    }

    /// The body.
    public var value: Value {
        [
            "id": .string(self.id), "input": .string(self.input), "llm_response": self.modelResponse ?? .null,
            "tokens": self.tokens?.value ?? .null, "is_success": .bool(self.isSuccess),
            "result": .string(self.result), "duration": .double(self.duration),
            "used_tools": .array(self.usedTools.map(Value.string)),
        ]
    }
}
