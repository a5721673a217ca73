// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// A task of a schedule: what it will do, and everything that was seen to happen to it.
struct SimulatedTask {
    enum Behaviour {
        case completes
        /// The handler fails so often, then completes.
        case fails(times: Int)
        case failsForGood
        /// The handler asks so often to be tried later.
        case triesLater(times: Int)
        /// The worker dies while it runs the task, so often.
        case killsWorkers(times: Int)
        case growsTooLarge
    }

    struct Deal: Hashable {
        var attempt: Int
        var epoch: UInt64
        var worker: Int
    }

    let submission: TaskSubmission
    let behaviour: Behaviour
    /// How long the handler runs, in microseconds.
    let work: UInt64
    /// The platform refuses to hear of its end.
    let isRefused: Bool

    /// Whether someone was told that it is accepted.
    var isTold = false
    /// Leases seen in the ledger.
    var leases: [Deal] = []
    /// Dispatches seen on their way.
    var deals: [Deal] = []
    /// Attempts that the ledger knows to be over.
    var endedAttempts: Set<Int> = []
    /// Results that handlers gave.
    var results: Set<Deal> = []
    /// How often the ledger was told of an end, for each time that the task was queued.
    var ends: [Int: Int] = [:]
    var begun = 0
    var failures = 0
    var kills = 0
    var isDropped = false
    /// Whether someone made it due before its time.
    var isHurried = false
    /// When a worker last named it to the current coordinator.
    var namedAt: UInt64?
    /// Worker losses that have been decided upon.
    var losses = 0

    // The platform's side.
    var isAtPlatform = false
    var isStopped = false
    var finals: [Int: ReportItem] = [:]
    var executings = 0

    init(submission: TaskSubmission, behaviour: Behaviour, work: UInt64, isRefused: Bool) {
        self.submission = submission
        self.behaviour = behaviour
        self.work = work
        self.isRefused = isRefused
    }

    var isFromPlatform: Bool { self.submission.source == .platform }
}
