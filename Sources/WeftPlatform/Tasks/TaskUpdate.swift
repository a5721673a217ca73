// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// A change of a task, sent as a body that holds only what changes.
///
/// A partial body does not write back stale copies of what the platform owns, and sending it twice does no more than
/// sending it once.
public struct TaskUpdate: Hashable, Sendable {
    /// The new status.
    public var status: TaskStatus?
    /// The result, always text; see ``ResultText``.
    public var result: String?
    /// Token counts.
    public var tokens: TokenCounts?
    /// The tools that were used; nil leaves the platform's list alone.
    public var usedTools: [String]?

    /// Creates an update; what is nil is not sent.
    public init(
        status: TaskStatus? = nil, result: String? = nil, tokens: TokenCounts? = nil, usedTools: [String]? = nil
    ) {
        self.status = status
        self.result = result
        self.tokens = tokens
        self.usedTools = usedTools
    }

    /// A handler has begun.
    public static let executing = Self(status: .executing)

    /// The body.
    public var value: Value {
        var members: [String: Value] = [:]
        if let status = self.status { members["status"] = .string(status.rawValue) }
        if let result = self.result { members["result"] = .string(result) }
        if let tokens = self.tokens { members["tokens"] = tokens.value }
        if let usedTools = self.usedTools { members["used_tools"] = .array(usedTools.map(Value.string)) }
        return .object(members)
    }
}
