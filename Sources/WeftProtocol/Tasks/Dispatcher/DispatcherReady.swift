// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A task's place in its line: a higher priority is dealt first, then the older task.
struct DispatcherReady: Comparable {
    let id: String
    /// The attempt after which the task was put here; an entry that has moved on since is skipped.
    let attempt: Int
    let priority: Int
    let order: UInt64
    let agentID: String?
    let key: String?

    init(_ entry: DispatcherEntry) {
        self.id = entry.task.id
        self.attempt = entry.status.attempt
        self.priority = entry.task.priority
        self.order = entry.order
        self.agentID = entry.task.agentID
        self.key = entry.task.key
    }

    /// Whether the task is still where this says.
    func holds(for entry: DispatcherEntry?) -> Bool {
        guard let entry else { return false }
        return entry.isInLine && entry.order == self.order && entry.status.attempt == self.attempt
    }

    static func < (left: Self, right: Self) -> Bool {
        left.priority != right.priority ? left.priority > right.priority : left.order < right.order
    }

    static func == (left: Self, right: Self) -> Bool {
        left.order == right.order && left.attempt == right.attempt
    }
}
