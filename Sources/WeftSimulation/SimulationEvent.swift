// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// Something that happens at a time.
struct SimulationEvent: Comparable {
    enum Kind {
        /// A client submits a task, or submits it again because nobody answered.
        case submit(Int, isRepeat: Bool)
        /// The platform has made a task.
        case platformTask(Int)
        /// A task comes over the platform's stream, or from its list.
        case fromPlatform(Int, life: Int)
        /// The ledger has answered who asked for a task.
        case lookedUp(Int, TaskRecord?, Purpose, life: Int)
        case operate(Purpose)
        case coordinatorStarts
        case coordinatorTick(life: Int)
        case registered(life: Int, stream: Int)
        case poll(life: Int)
        case written(life: Int)
        case workerStarts
        case workerTick(Int)
        case discover(Int, life: Int)
        case rosterForgets(Int, life: Int)
        case deliver(Int)
        case linkOpens(Int)
        case linkCloses(Int, at: UInt64)
        case handlerEnds(Int, AttemptKey)
        case workerDies(Int)
        case drainExpires(Int)
        case update(ReportItem, isMetrics: Bool, life: Int)
        case answer(ReportItem, ReportOutcome, isOver: Bool, life: Int)
        case drained(life: Int)
        case fault
    }

    /// What somebody wants of a task.
    enum Purpose {
        case submission
        case delivery
        case requeue
        case cancel
        case drop
    }

    /// Milliseconds and fractions, counted in microseconds since the schedule's begin.
    let time: UInt64
    /// Among events of one time the order in which they were planned.
    let order: UInt64
    let kind: Kind

    static func < (left: Self, right: Self) -> Bool { (left.time, left.order) < (right.time, right.order) }
    static func == (left: Self, right: Self) -> Bool { left.order == right.order }
}

/// One attempt of one task.
struct AttemptKey: Hashable, Comparable {
    var task: Int
    var attempt: Int

    static func < (left: Self, right: Self) -> Bool { (left.task, left.attempt) < (right.task, right.attempt) }
}
