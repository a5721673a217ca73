// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// A task as it is handed in: what is to be done, and within which limits.
public struct TaskSubmission: Sendable {
    private struct Fields: Hashable, Sendable {
        var id: String
        var source: TaskRequest.Source
        var queue: String
        var payload: Value
        var priority: Int
        var after: [String]
        /// What most tasks do not say; empty when nothing of it is said.
        var details: [Details]
    }

    private struct Details: Hashable, Sendable {
        static let none = Details()

        var agentID: String?
        var key: String?
        var name: String?
        var attempts: Int?
        var workerLosses: Int?
        var notBefore: Date?
        var waitLimit: Duration?
        var timeLimit: Duration?
        var totalLimit: Duration?
        var traceParent: String?
    }

    /// On its own, because a task goes through many hands and is changed by none.
    private final class Storage: Sendable {
        let fields: Fields

        init(_ fields: Fields) {
            self.fields = fields
        }
    }

    private var storage: Storage

    private mutating func change(_ body: (inout Fields) -> Void) {
        var fields = self.storage.fields
        body(&fields)
        self.storage = Storage(fields)
    }

    private mutating func detail(_ body: (inout Details) -> Void) {
        self.change { fields in
            var details = fields.details.first ?? .none
            body(&details)
            fields.details = details == .none ? [] : [details]
        }
    }

    /// The id; a second submission with the same id is the same task.
    public var id: String {
        get { self.storage.fields.id }
        set { self.change { $0.id = newValue } }
    }
    /// Where the task came from.
    public var source: TaskRequest.Source {
        get { self.storage.fields.source }
        set { self.change { $0.source = newValue } }
    }
    /// The agent that the task is for; nil for a task that any worker may run.
    public var agentID: String? {
        get { self.storage.fields.details.first?.agentID }
        set { self.detail { $0.agentID = newValue } }
    }
    /// The queue that the task waits in.
    public var queue: String {
        get { self.storage.fields.queue }
        set { self.change { $0.queue = newValue } }
    }
    /// What the task works on: of the tasks of a queue with the same key only so many run at once as the queue allows; nil for none.
    public var key: String? {
        get { self.storage.fields.details.first?.key }
        set { self.detail { $0.key = newValue } }
    }
    /// The name of a typed task; nil for the platform's.
    public var name: String? {
        get { self.storage.fields.details.first?.name }
        set { self.detail { $0.name = newValue } }
    }
    /// The platform's task object without its secrets, or what was submitted.
    public var payload: Value {
        get { self.storage.fields.payload }
        set { self.change { $0.payload = newValue } }
    }
    /// Tasks of a higher priority are dealt first; equal ones by age.
    public var priority: Int {
        get { self.storage.fields.priority }
        set { self.change { $0.priority = newValue } }
    }
    /// How often the handler may fail before the task is given up; nil for the policy's default.
    public var attempts: Int? {
        get { self.storage.fields.details.first?.attempts }
        set { self.detail { $0.attempts = newValue } }
    }
    /// How many workers may be lost while they run the task before it is given up; nil for the policy's default.
    public var workerLosses: Int? {
        get { self.storage.fields.details.first?.workerLosses }
        set { self.detail { $0.workerLosses = newValue } }
    }
    /// When the task may begin; nil for at once.
    public var notBefore: Date? {
        get { self.storage.fields.details.first?.notBefore }
        set { self.detail { $0.notBefore = newValue } }
    }
    /// How long the task may wait, from when it may begin until its first attempt begins; nil for no limit.
    public var waitLimit: Duration? {
        get { self.storage.fields.details.first?.waitLimit }
        set { self.detail { $0.waitLimit = newValue } }
    }
    /// How long one attempt may run; nil for no limit.
    public var timeLimit: Duration? {
        get { self.storage.fields.details.first?.timeLimit }
        set { self.detail { $0.timeLimit = newValue } }
    }
    /// How long it may take from being accepted to its end, pauses and further attempts included; nil for no limit.
    public var totalLimit: Duration? {
        get { self.storage.fields.details.first?.totalLimit }
        set { self.detail { $0.totalLimit = newValue } }
    }
    /// The tasks that must complete before this one may begin; when one of them ends otherwise, this one is a dead letter.
    public var after: [String] {
        get { self.storage.fields.after }
        set { self.change { $0.after = newValue } }
    }
    /// The W3C trace context to carry on; nil for none.
    public var traceParent: String? {
        get { self.storage.fields.details.first?.traceParent }
        set { self.detail { $0.traceParent = newValue } }
    }

    /// Creates a submission.
    ///
    /// - Parameters:
    ///   - id: The id; nil for one that nobody else has.
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
        id: String? = nil, source: TaskRequest.Source = .submit, agentID: String? = nil,
        queue: String = "default", key: String? = nil, name: String? = nil, payload: Value, priority: Int = 0,
        attempts: Int? = nil, workerLosses: Int? = nil, notBefore: Date? = nil, waitLimit: Duration? = nil,
        timeLimit: Duration? = nil, totalLimit: Duration? = nil, after: [String] = [], traceParent: String? = nil
    ) {
        let details = Details(
            agentID: agentID, key: key, name: name, attempts: attempts, workerLosses: workerLosses,
            notBefore: notBefore,
            waitLimit: waitLimit, timeLimit: timeLimit, totalLimit: totalLimit, traceParent: traceParent)
        self.storage = Storage(
            Fields(
                id: id ?? TaskIDs.next(), source: source, queue: queue, payload: payload, priority: priority,
                after: after, details: details == .none ? [] : [details]))
    }
}

extension TaskSubmission: Hashable {
    /// Whether two submissions say the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.storage === right.storage || left.storage.fields == right.storage.fields
    }

    /// Hashes all that is said.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.storage.fields)
    }
}
