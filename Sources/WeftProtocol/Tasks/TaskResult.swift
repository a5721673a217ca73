// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// What a completed task gives back.
public struct TaskResult: Hashable, Sendable, Codable {
    /// The result; a string is reported as it is, anything else as JSON text.
    public var value: Value
    /// The platform status that the handler chose; nil for `completed`.
    public var status: String?
    /// Token counts as the platform writes them (platform-protocol 9.5); nil when unknown.
    public var tokens: Value?
    /// The names of the tools that were used.
    public var usedTools: [String]

    /// Creates a result.
    public init(_ value: Value, status: String? = nil, tokens: Value? = nil, usedTools: [String] = []) {
        self.value = value
        self.status = status
        self.tokens = tokens
        self.usedTools = usedTools
    }

    /// The result as the platform takes it: always a string.
    public var text: String {
        if case .string(let text) = self.value { return text }
        if self.value.isNull { return "" }
        return self.value.json()
    }
}
