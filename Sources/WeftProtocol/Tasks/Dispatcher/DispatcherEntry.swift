// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// A task that has not ended.
struct DispatcherEntry {
    let task: TaskSubmission
    var status: LedgerStatus
    /// The task's age among all: smaller is older.
    let order: UInt64
    /// When the lease of whoever holds the task runs out.
    var leaseEnd: MonotonicTime?

    var lane: DispatcherLane {
        DispatcherLane(queue: self.task.queue, agentID: self.task.agentID)
    }
}

/// Tasks that the same workers can run, and that wait in one line.
struct DispatcherLane: Hashable {
    var queue: String
    var agentID: String?
}

/// A task's place in its line: a higher priority is dealt first, then the older task.
struct DispatcherReady: Comparable {
    let id: String
    /// The attempt after which the task was put here; an entry that has moved on since is skipped.
    let attempt: Int
    let priority: Int
    let order: UInt64

    static func < (left: Self, right: Self) -> Bool {
        (-left.priority.clampedForComparison, left.order) < (-right.priority.clampedForComparison, right.order)
    }
}

/// A task that waits for its time.
struct DispatcherDelayed: Comparable {
    let id: String
    let attempt: Int
    let due: MonotonicTime

    static func < (left: Self, right: Self) -> Bool {
        (left.due, left.id) < (right.due, right.id)
    }
}

extension Int {
    /// The number, which can be negated without trapping.
    fileprivate var clampedForComparison: Int { Swift.max(self, -Int.max) }
}
