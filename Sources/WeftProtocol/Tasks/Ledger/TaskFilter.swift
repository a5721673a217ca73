// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
package import WeftValue

/// Which tasks of a ledger are wanted: those that match everything that is said here.
public struct TaskFilter: Hashable, Sendable {
    /// A place in a ledger's list, from which a later page goes on; only the ledger that gave it understands it.
    public struct Cursor: Hashable, Sendable {
        /// The order of the last task that has been given.
        package var order: Int64

        package init(order: Int64) {
            self.order = order
        }
    }

    /// The states; all by default.
    public var states: Set<TaskState>
    /// The queue.
    public var queue: String?
    /// The agent.
    public var agentID: String?
    /// The name of typed tasks.
    public var name: String?
    /// The concurrency key.
    public var key: String?
    /// Where the tasks came from.
    public var source: TaskRequest.Source?
    /// What their ids begin with.
    public var idPrefix: String?
    /// Accepted then or later.
    public var acceptedAfter: Date?
    /// Accepted before then.
    public var acceptedBefore: Date?
    /// Whether the tasks that were accepted last come first, as they do by default.
    public var isNewestFirst = true
    /// At most so many.
    public var limit: Int
    /// Where to go on; nil to begin.
    public var after: Cursor?

    /// Creates a filter.
    ///
    /// - Parameters:
    ///   - states: The states that are wanted.
    ///   - limit: At most so many tasks.
    public init(states: Set<TaskState> = Set(TaskState.allCases), limit: Int = 100) {
        self.states = states
        self.limit = limit
    }

    /// Whether a task is wanted, wherever the list begins.
    public func matches(_ record: TaskRecord) -> Bool {
        let task = record.task
        return self.states.contains(record.status.state) && (self.queue ?? task.queue) == task.queue
            && (self.agentID == nil || self.agentID == task.agentID) && (self.name == nil || self.name == task.name)
            && (self.key == nil || self.key == task.key) && (self.source ?? task.source) == task.source
            && task.id.hasPrefix(self.idPrefix ?? "")
            && (self.acceptedAfter.map { record.status.acceptedAt >= $0 } ?? true)
            && (self.acceptedBefore.map { record.status.acceptedAt < $0 } ?? true)
    }
}

extension TaskFilter {
    /// The filter as a call carries it.
    package var value: Value {
        makeMap([
            "s": .array(self.states.map(\.rawValue).sorted().map(Value.string)), "q": self.queue.map(Value.string),
            "g": self.agentID.map(Value.string), "n": self.name.map(Value.string), "k": self.key.map(Value.string),
            "o": self.source.map { .string($0.rawValue) }, "p": self.idPrefix.map(Value.string),
            "f": self.acceptedAfter.map(Value.date), "b": self.acceptedBefore.map(Value.date),
            "u": self.isNewestFirst ? Value?.none : .bool(true), "l": Value(self.limit), "c": self.after?.value,
        ])
    }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "filter")
        var states: Set<TaskState> = []
        for name in try fields.strings("s") {
            // A state that a later version knows is one that nothing here is in.
            if let state = TaskState(rawValue: name) { states.insert(state) }
        }
        self.init(states: states, limit: try fields.integer("l", in: 1...1_000_000))
        self.queue = try fields.optionalString("q")
        self.agentID = try fields.optionalString("g")
        self.name = try fields.optionalString("n")
        self.key = try fields.optionalString("k")
        self.source = try fields.optionalString("o").map { name throws(TaskPlaneError) in
            try TaskRequest.Source(named: name)
        }
        self.idPrefix = try fields.optionalString("p")
        self.acceptedAfter = try fields.optionalDate("f")
        self.acceptedBefore = try fields.optionalDate("b")
        self.isNewestFirst = !(try fields.bool("u"))
        if let cursor = fields.optional("c") { self.after = try Cursor(value: cursor) }
    }
}

extension TaskFilter.Cursor {
    /// The cursor as a call carries it.
    package var value: Value { .int(self.order) }

    package init(value: Value) throws(TaskPlaneError) {
        guard let order = value.intValue else {
            throw TaskPlaneError(.wrongType, "A cursor of a list must be an integer.")
        }
        self.init(order: order)
    }
}
