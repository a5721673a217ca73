// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftValue

/// A task that has not ended.
///
/// What is to happen at a time is kept on the clock that never jumps; the dates in the status are what a ledger can keep of it.
struct DispatcherEntry {
    /// Stands where no task is.
    static let nobody = DispatcherEntry(
        task: TaskSubmission(id: "", payload: .null), status: LedgerStatus(acceptedAt: .distantPast), order: .max)

    let task: TaskSubmission
    /// About how many bytes the task takes here.
    let bytes: Int
    var status: LedgerStatus
    /// The task's age among all: smaller is older.
    let order: UInt64
    /// Where the entry is; given when it is inserted.
    var place = -1
    /// The number of its queue while it waits in a line or is held.
    var queue = -1
    /// The step that last wrote its status, and where among that step's changes: what the step writes later takes that place.
    var written: (step: UInt64, index: Int) = (0, 0)
    /// Whether it leaves its line without having been dealt.
    var isLeaving = false
    /// Whether it was accepted in that step.
    var isNew = false
    /// What its end is announced with.
    var tag: UInt64 = 0
    /// When the lease of whoever holds the task runs out.
    var leaseEnd: MonotonicTime?
    /// Until when the task waits for its time; nil when it does not.
    var dueAt: MonotonicTime?
    /// When its waiting for the first attempt has lasted too long.
    var waitEndsAt: MonotonicTime?
    /// When its time in all is over.
    var endsAt: MonotonicTime?
    /// When the attempt is taken from a handler that should have stopped.
    var stopBy: MonotonicTime?
    /// Whether the handler was told to stop because the time in all is over.
    var isExpiring = false
    /// Whether it has not been possible yet to begin it, so that it says nothing about how busy we are.
    var isPostponed = false

    init(task: TaskSubmission, status: LedgerStatus, order: UInt64) {
        self.task = task
        self.bytes = task.payload.approximateBytes + 512
        self.status = status
        self.order = order
    }

    /// Ends the task's life.
    mutating func finish(_ state: TaskState, _ outcome: TaskOutcome, at now: Moment) {
        self.status.state = state
        self.status.outcome = outcome
        self.status.notBefore = nil
        self.status.waitsSince = nil
        self.status.endsBy = nil
        self.status.awaits = []
        self.status.attemptStartedAt = nil
        self.status.updatedAt = now.date
    }

    /// Whether it waits in its line for a worker.
    var isInLine: Bool {
        self.status.state == .queued && self.dueAt == nil && self.status.awaits.isEmpty && !self.isLeaving
    }
}
