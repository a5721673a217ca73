// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Something that is to happen at a time, unless the task has moved on by then.
struct DispatcherTimer: Comparable {
    enum Kind: Int {
        /// A task may begin.
        case due
        /// A task has waited too long for its first attempt.
        case wait
        /// A task's time in all is over.
        case total
        /// A handler has not stopped when it should have.
        case stop
        /// A worker has not come back since the restart.
        case orphan
        /// A queue may deal again.
        case token
    }

    let due: MonotonicTime
    let kind: Kind
    /// The task, or the queue.
    let id: String

    static func < (left: Self, right: Self) -> Bool {
        (left.due, left.kind.rawValue, left.id) < (right.due, right.kind.rawValue, right.id)
    }
}
