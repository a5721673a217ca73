// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import WeftPlatform
import WeftProtocol
public import WeftValue

/// A task as a handler sees it: what the platform (or whoever submitted it) sent, and what the handler makes of it.
///
/// Everything that the platform sent can be read from it directly, such as `task.input.text` or `task.outputSchema`; see
/// ``PlatformTask``. A handler that has more to say than a result changes its copy and returns it:
///
/// ```swift
/// OnTask { task in
///     var task = task
///     task.result = "Processed: \(task.input.text)"
///     task.usedTools = ["search"]
///     return task
/// }
/// ```
@dynamicMemberLookup
public struct AgentTask: Sendable {
    /// The task as it came.
    public let platformTask: PlatformTask
    /// The attempt that is being run.
    public let context: TaskContext
    /// The format that the result should have; nil when nobody cares.
    public let outputFormat: OutputFormat?

    /// The result; nil until a handler sets it.
    public var result: String?
    /// The final status; nil for `completed`.
    public var status: TaskStatus?
    /// What the language model has used; nil when unknown.
    public var tokens: TokenCounts?
    /// The names of the tools that were used.
    public var usedTools: [String]

    init(context: TaskContext, outputFormat: OutputFormat?) throws {
        let task = try PlatformTask(Self.taskObject(of: context.request), agentID: context.request.agentID)
        self.platformTask = task
        self.context = context
        self.outputFormat = task.outputFormat ?? outputFormat
        self.usedTools = []
    }

    /// What the platform sent under one of its names.
    public subscript<Member>(dynamicMember member: KeyPath<PlatformTask, Member>) -> Member {
        self.platformTask[keyPath: member]
    }

    /// Whether the handler should stop, because the task was cancelled or its time is over.
    public var isCancelled: Bool { self.context.isCancelled }

    /// Reports progress, which others see while the task runs; see ``TaskContext/progress(_:)``.
    public func progress(_ value: Value) {
        self.context.progress(value)
    }

    /// What the worker reports when a handler has returned the task.
    var taskResult: TaskResult {
        TaskResult(
            .string(self.result ?? ""), status: self.status.flatMap { $0.isFinal ? $0.rawValue : nil },
            tokens: self.tokens?.value, usedTools: self.usedTools)
    }

    /// The task object of an attempt; one is made up for a submitted task, whose payload can be anything.
    private static func taskObject(of request: TaskRequest) -> Value {
        if request.source == .platform { return request.payload }
        var task: [String: Value]
        if case .object(let payload) = request.payload, payload["input"]?.objectValue != nil {
            task = payload
        } else if let text = request.payload.stringValue {
            task = ["input": ["text": .string(text)]]
        } else {
            task = ["input": ["text": .string(request.payload.json())]]
        }
        task["id"] = .string(request.id)
        task["created_at"] = task["created_at"] ?? .string(Date.now.rfc3339Microseconds)
        return .object(task)
    }
}

extension AgentTask: Encodable {
    /// Encodes the task as the platform writes it, with what the handler has changed.
    public func encode(to encoder: any Encoder) throws {
        var task = self.platformTask.raw.objectValue ?? [:]
        task["result"] = self.result.map { .string($0) } ?? .null
        if let status { task["status"] = .string(status.rawValue) }
        if let tokens { task["tokens"] = tokens.value }
        task["used_tools"] = .array(self.usedTools.map { .string($0) })
        try Value.object(task).encode(to: encoder)
    }
}
