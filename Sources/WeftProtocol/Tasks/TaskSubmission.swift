// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// A task as it is handed in: what is to be done, and within which limits.
public struct TaskSubmission: Hashable, Sendable {
    /// The id; a second submission with the same id is the same task.
    public var id: String
    /// Where the task came from.
    public var source: TaskRequest.Source
    /// The agent that the task is for; nil for a task that any worker may run.
    public var agentID: String?
    /// The queue that the task waits in.
    public var queue: String
    /// The name of a typed task; nil for the platform's.
    public var name: String?
    /// The platform's task object without its secrets, or what was submitted.
    public var payload: Value
    /// Tasks of a higher priority are dealt first; equal ones by age.
    public var priority: Int
    /// How often the handler may fail before the task is given up; nil for the policy's default.
    public var attempts: Int?
    /// How long one attempt may run; nil for no limit.
    public var timeLimit: Duration?
    /// The W3C trace context to carry on; nil for none.
    public var traceParent: String?

    /// Creates a submission.
    ///
    /// - Parameters:
    ///   - id: The id; by default one that nobody else has.
    ///   - source: Where the task came from.
    ///   - agentID: The agent that the task is for; nil for a task that any worker may run.
    ///   - queue: The queue that the task waits in.
    ///   - name: The name of a typed task.
    ///   - payload: What the handler is given.
    ///   - priority: Higher is dealt first.
    ///   - attempts: How often the handler may fail before the task is given up; nil for the policy's default.
    ///   - timeLimit: How long one attempt may run; nil for no limit.
    ///   - traceParent: The W3C trace context to carry on.
    public init(
        id: String = UUID().uuidString.lowercased(), source: TaskRequest.Source = .submit, agentID: String? = nil,
        queue: String = "default", name: String? = nil, payload: Value, priority: Int = 0, attempts: Int? = nil,
        timeLimit: Duration? = nil, traceParent: String? = nil
    ) {
        self.id = id
        self.source = source
        self.agentID = agentID
        self.queue = queue
        self.name = name
        self.payload = payload
        self.priority = priority
        self.attempts = attempts
        self.timeLimit = timeLimit
        self.traceParent = traceParent
    }
}
