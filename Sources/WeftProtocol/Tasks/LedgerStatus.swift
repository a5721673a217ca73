// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftBus

/// The changing part of a task's record: where it is, who holds it, and what became of it.
public struct LedgerStatus: Hashable, Sendable {
    /// Where the task is in its life.
    public var state: TaskState
    /// The latest attempt; 0 before the first.
    public var attempt: Int
    /// The epoch of the latest attempt; nil before the first.
    public var epoch: TaskEpoch?
    /// The worker that holds the task, or ended it.
    public var worker: NodeID?
    /// How often the handler has failed.
    public var handlerFailures: Int
    /// How often a worker was lost while it ran the task.
    public var workerLosses: Int
    /// How often an attempt came back without having been cut off by a loss: never begun, or given back by a worker that left.
    public var returns: Int
    /// How often a task that had ended was put back into its queue; the counts above then begin anew.
    public var requeues: Int
    /// When the latest attempt was dealt to its worker; nil while nobody holds the task.
    public var attemptStartedAt: Date?
    /// The tasks that must still complete before this one may begin.
    public var awaits: [String]
    /// When the next attempt may begin; nil for at once.
    public var notBefore: Date?
    /// Since when the task waits for its first attempt to begin; nil once it has, and for a task whose waiting has no limit.
    public var waitsSince: Date?
    /// When the task's time in all is over; nil for no limit.
    public var endsBy: Date?
    /// Why the task is to be cancelled; nil when nobody asked.
    public var cancelReason: String?
    /// Whether the platform is to be told about the end; not when it asked for the end itself.
    public var reportsEnd: Bool
    /// Whether a worker has ever begun it.
    public var hasBegun: Bool
    /// How the task ended; nil while it has not.
    public var outcome: TaskOutcome?
    /// The attempts that are over, the newest last; bounded.
    public var history: [TaskAttempt]
    /// When the task was accepted.
    public var acceptedAt: Date
    /// When this status was written.
    public var updatedAt: Date

    /// Creates the status of a task that has just been accepted.
    public init(acceptedAt: Date) {
        self.state = .queued
        self.attempt = 0
        self.handlerFailures = 0
        self.workerLosses = 0
        self.returns = 0
        self.requeues = 0
        self.awaits = []
        self.reportsEnd = true
        self.hasBegun = false
        self.history = []
        self.acceptedAt = acceptedAt
        self.updatedAt = acceptedAt
    }
}
