// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftPlatform

/// What one handler wants for itself; everything left out follows the configuration of ``Events``.
public struct TaskOptions: Sendable {
    /// The agent whose tasks the handler takes; nil for the configuration's (`XPANDER_AGENT_ID`).
    public var agentID: String?
    /// The queue whose tasks the handler takes; nil for any.
    public var queue: String?
    /// How long one attempt may take; nil for no limit but the task's own.
    public var timeout: Duration?
    /// The format of the result when the task itself names none.
    public var outputFormat: OutputFormat?
    /// How to tell the handler's tasks from others of the same agent; nil for all of them.
    public var condition: (@Sendable (AgentTask) -> Bool)?

    /// Creates options.
    ///
    /// - Parameters:
    ///   - agentID: The agent whose tasks the handler takes; nil for the configuration's.
    ///   - queue: The queue whose tasks the handler takes; nil for any.
    ///   - timeout: How long one attempt may take. The handler is cancelled then, and the task failed.
    ///   - outputFormat: The format of the result when the task itself names none.
    ///   - condition: How to tell the handler's tasks from others of the same agent. Handlers are asked in the order
    ///     of their registration, and the first that says yes runs.
    public init(
        agentID: String? = nil, queue: String? = nil, timeout: Duration? = nil,
        outputFormat: OutputFormat? = nil, when condition: (@Sendable (AgentTask) -> Bool)? = nil
    ) {
        self.agentID = agentID
        self.queue = queue
        self.timeout = timeout
        self.outputFormat = outputFormat
        self.condition = condition
    }

    /// Options of a handler for the tasks of one agent.
    public static func agent(_ id: String) -> Self {
        Self(agentID: id)
    }
}
