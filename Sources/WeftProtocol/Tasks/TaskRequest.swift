// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// One attempt of a task, as a worker receives it.
public struct TaskRequest: Hashable, Sendable, Codable {
    /// Where a task came from, which decides what its payload is.
    public enum Source: String, Hashable, Sendable, Codable {
        /// The platform; the payload is its task object (without its secrets).
        case platform
        /// `submit`; the payload is what was submitted.
        case submit
    }

    /// The task's id, which is its deduplication key.
    public var id: String
    /// Which try this is, counted from 1; the fencing number of its result.
    public var attempt: Int
    /// Where the task came from.
    public var source: Source
    /// The agent that the task is for; nil for a submitted task that names none.
    public var agentID: String?
    /// The queue that the task waits in.
    public var queue: String
    /// The name of a typed task; nil for the platform's.
    public var name: String?
    /// The platform's task object, or what was submitted.
    public var payload: Value
    /// When the attempt must have ended, by the clock of whoever wrote it; nil for no limit.
    public var deadline: Date?
    /// How long the attempt may run from when its handler begins, which no clock's jump changes; nil for no limit.
    public var timeLimit: Duration?
    /// The W3C trace context to carry on; nil for none.
    public var traceParent: String?

    /// Creates a request.
    public init(
        id: String, attempt: Int = 1, source: Source, agentID: String? = nil, queue: String = "default",
        name: String? = nil, payload: Value, deadline: Date? = nil, timeLimit: Duration? = nil,
        traceParent: String? = nil
    ) {
        self.id = id
        self.attempt = attempt
        self.source = source
        self.agentID = agentID
        self.queue = queue
        self.name = name
        self.payload = payload
        self.deadline = deadline
        self.timeLimit = timeLimit
        self.traceParent = traceParent
    }
}
