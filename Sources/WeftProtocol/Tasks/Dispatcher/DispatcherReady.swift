// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A task's place in its line: a higher priority is dealt first, then the older task.
struct DispatcherReady: Comparable {
    let place: Int
    /// The attempt after which the task was put here; an entry that has moved on since is skipped.
    let attempt: Int
    let priority: Int
    let order: UInt64

    init(_ entry: DispatcherEntry) {
        self.place = entry.place
        self.attempt = entry.status.attempt
        self.priority = entry.task.priority
        self.order = entry.order
    }

    /// Whether the task is still where this says.
    func holds(in entries: DispatcherEntries) -> Bool {
        entries[self.place].order == self.order && entries[self.place].status.attempt == self.attempt
            && entries[self.place].isInLine
    }

    static func < (left: Self, right: Self) -> Bool {
        left.priority != right.priority ? left.priority > right.priority : left.order < right.order
    }

    static func == (left: Self, right: Self) -> Bool {
        left.order == right.order && left.attempt == right.attempt
    }
}
