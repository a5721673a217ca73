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
    /// What the task works on: of the tasks of a queue with the same key only so many run at once as the queue allows; nil for none.
    public var key: String?
    /// The name of a typed task; nil for the platform's.
    public var name: String?
    /// The platform's task object without its secrets, or what was submitted.
    public var payload: Value
    /// Tasks of a higher priority are dealt first; equal ones by age.
    public var priority: Int
    /// How often the handler may fail before the task is given up; nil for the policy's default.
    public var attempts: Int?
    /// How many workers may be lost while they run the task before it is given up; nil for the policy's default.
    public var workerLosses: Int?
    /// When the task may begin; nil for at once.
    public var notBefore: Date?
    /// How long the task may wait, from when it may begin until its first attempt begins; nil for no limit.
    public var waitLimit: Duration?
    /// How long one attempt may run; nil for no limit.
    public var timeLimit: Duration?
    /// How long it may take from being accepted to its end, pauses and further attempts included; nil for no limit.
    public var totalLimit: Duration?
    /// The tasks that must complete before this one may begin; when one of them ends otherwise, this one is a dead letter.
    public var after: [String]
    /// The W3C trace context to carry on; nil for none.
    public var traceParent: String?

    /// Creates a submission.
    ///
    /// - Parameters:
    ///   - id: The id; by default one that nobody else has.
    ///   - source: Where the task came from.
    ///   - agentID: The agent that the task is for; nil for a task that any worker may run.
    ///   - queue: The queue that the task waits in.
    ///   - key: What the task works on, for the queue's limit on tasks of one key.
    ///   - name: The name of a typed task.
    ///   - payload: What the handler is given.
    ///   - priority: Higher is dealt first.
    ///   - attempts: How often the handler may fail before the task is given up; nil for the policy's default.
    ///   - workerLosses: How many workers it may cost before it is given up; nil for the policy's default.
    ///   - notBefore: When it may begin; nil for at once.
    ///   - waitLimit: How long it may wait for its first attempt; nil for no limit.
    ///   - timeLimit: How long one attempt may run; nil for no limit.
    ///   - totalLimit: How long it may take in all; nil for no limit.
    ///   - after: The tasks that must complete first.
    ///   - traceParent: The W3C trace context to carry on.
    public init(
        id: String = UUID().uuidString.lowercased(), source: TaskRequest.Source = .submit, agentID: String? = nil,
        queue: String = "default", key: String? = nil, name: String? = nil, payload: Value, priority: Int = 0,
        attempts: Int? = nil, workerLosses: Int? = nil, notBefore: Date? = nil, waitLimit: Duration? = nil,
        timeLimit: Duration? = nil, totalLimit: Duration? = nil, after: [String] = [], traceParent: String? = nil
    ) {
        self.id = id
        self.source = source
        self.agentID = agentID
        self.queue = queue
        self.key = key
        self.name = name
        self.payload = payload
        self.priority = priority
        self.attempts = attempts
        self.workerLosses = workerLosses
        self.notBefore = notBefore
        self.waitLimit = waitLimit
        self.timeLimit = timeLimit
        self.totalLimit = totalLimit
        self.after = after
        self.traceParent = traceParent
    }
}
