// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// A task of the platform: its object as it came, with typed access to what Weft and handlers need.
///
/// Only an id and an input are needed. Unknown members are kept, unknown words are kept as text, and members of
/// another type than expected read as if they were missing.
public struct PlatformTask: Hashable, Sendable {
    /// The task object, complete and with its secrets; see ``redacted()``.
    public private(set) var raw: Value

    /// The task's id, the identity of the work.
    public let id: String

    /// Reads a task object.
    ///
    /// - Parameters:
    ///   - raw: The object.
    ///   - agentID: The agent on whose stream it came, for a task that names none.
    /// - Throws: ``PlatformError/Code-swift.struct/unreadableTask``, with the task's id if that at least could be read.
    public init(_ raw: Value, agentID: String? = nil) throws(PlatformError) {
        guard case .object(var members) = raw else {
            throw PlatformError(.unreadableTask, "a task must be an object; this is \(raw.kind)")
        }
        guard let id = raw["id"]?.stringValue, !id.isEmpty else {
            throw PlatformError(.unreadableTask, "a task needs a member \"id\" that is text and not empty")
        }
        guard raw["input"]?.objectValue != nil else {
            let found = raw["input"].map { "it is \($0.kind)" } ?? "it is missing"
            throw PlatformError(.unreadableTask, "a task needs an \"input\" that is an object; \(found)", taskID: id)
        }
        if members["agent_id"]?.stringValue == nil, let agentID {
            members["agent_id"] = .string(agentID)
        }
        self.id = id
        self.raw = .object(members)
    }

    /// Creates a task object of one's own, for tests and for running a handler without a platform.
    public init(
        id: String, agentID: String, organizationID: String, input: TaskInput, createdAt: Date,
        outputFormat: OutputFormat? = nil, outputSchema: Value? = nil
    ) {
        self.id = id
        self.raw = [
            "id": .string(id),
            "agent_id": .string(agentID),
            "organization_id": .string(organizationID),
            "input": input.value,
            "created_at": .string(createdAt.rfc3339Microseconds),
            "status": "pending",
            "output_format": outputFormat.map { .string($0.rawValue) } ?? .null,
            "output_schema": outputSchema ?? .null,
        ]
    }

    /// The agent that the task is for; nil for a task that names none.
    public var agentID: String? { self.text("agent_id") }

    /// The organization that the task belongs to.
    public var organizationID: String? { self.text("organization_id") }

    /// What is asked for.
    public var input: TaskInput { TaskInput(self.raw["input"] ?? .null) }

    /// When the task was created.
    public var createdAt: Date? { self.raw["created_at"].flatMap(PlatformDate.read) }

    /// The task's status, `pending` if it has none.
    public var status: TaskStatus { self.text("status").map(TaskStatus.init(rawValue:)) ?? .pending }

    /// The result, once there is one.
    public var result: String? { self.text("result") }

    /// Where the task came from (`api`, `slack`, `workbench` …).
    public var source: String? { self.text("source") }

    /// The customer's own word for the status.
    public var internalStatus: String? { self.text("internal_status") }

    /// The form that the result should have.
    public var outputFormat: OutputFormat? { self.text("output_format").map(OutputFormat.init(rawValue:)) }

    /// The JSON schema that a JSON result should follow.
    public var outputSchema: Value? { self.raw["output_schema"].flatMap(\.nonNull) }

    /// The version of the agent that was asked.
    public var agentVersion: String? { self.text("agent_version") }

    /// The conversation that the task is a part of.
    public var conversationID: String? { self.text("conversation_id") }

    /// What the handler should know beside the input.
    public var additionalContext: String? { self.text("additional_context") }

    /// What a good result looks like.
    public var expectedOutput: String? { self.text("expected_output") }

    /// A title for people.
    public var title: String? { self.text("title") }

    /// Whether someone has stopped the task.
    public var isManuallyStopped: Bool { self.raw["is_manually_stopped"]?.boolValue ?? false }

    /// Whether the task was stopped or has ended otherwise, so that work on it is in vain.
    public var isOver: Bool { self.isManuallyStopped || self.status.isFinal }

    /// Whether someone watches the task's update stream.
    public var isStreaming: Bool { self.raw["events_streaming"]?.boolValue ?? false }

    /// Whether the caller of an orchestration reports the counts itself.
    public var returnsMetrics: Bool { self.raw["return_metrics"]?.boolValue ?? false }

    /// How often the platform has had the task tried.
    public var executionAttempts: Int64 { self.raw["execution_attempts"]?.intValue ?? 1 }

    /// The platform's plan for the task.
    public var plan: TaskPlan { TaskPlan(self.raw["deep_planning"] ?? .null) }

    /// Token counts, when known.
    public var tokens: TokenCounts? { self.raw["tokens"].flatMap(TokenCounts.init) }

    /// The tools that were used.
    public var usedTools: [String] { self.raw["used_tools"]?.arrayValue?.compactMap(\.stringValue) ?? [] }

    mutating func replaceRaw(_ raw: Value) {
        self.raw = raw
    }

    private func text(_ member: String) -> String? {
        self.raw[member]?.stringValue
    }
}
