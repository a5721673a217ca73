// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Every default and bound of the task plane, in one place.
public enum TaskDefaults {
    /// How long a worker holds a task without a sign of life; long enough for a pause of the machine.
    public static let lease: Duration = .seconds(15)
    /// How often workers and the coordinator say that they are there; each renews the leases.
    public static let heartbeat: Duration = .seconds(1)
    /// How long a worker may be silent before it is dealt nothing more.
    public static let suspicion: Duration = .seconds(3)
    /// How long a worker whose connection closed may take to say hello again.
    public static let lossGrace: Duration = .seconds(3)
    /// How long workers have to reclaim what they hold after the coordinator's restart.
    public static let reclaimGrace: Duration = .seconds(15)
    /// How long a handler may take to stop after its time limit; the worker's own end of it, after `stopGrace`, comes first.
    public static let limitGrace: Duration = .seconds(20)
    /// How long handlers go on without a coordinator once the connection has closed: a lease and the grace after a restart, in which the
    /// next coordinator leaves them what they hold.
    public static let coordinatorGrace: Duration = .seconds(30)
    /// How long a handler that was asked to stop may take before its attempt is ended without it; longer than programs have between
    /// SIGTERM and SIGKILL.
    public static let stopGrace: Duration = .seconds(10)
    /// How far apart two reports of a task's progress are; what comes faster gives way to the newest.
    public static let progressInterval: Duration = .milliseconds(100)
    /// How far apart two reports of a task's progress to the platform are.
    public static let platformProgressInterval: Duration = .seconds(1)
    /// The largest report of progress, in bytes: a message, not a result.
    public static let maximumProgressBytes = 64 << 10
    /// How long a stopping worker or coordinator lets running work end.
    public static let drainDeadline: Duration = .seconds(30)
    /// How long a stopping coordinator waits for the platform to take what is still to be reported.
    public static let flushDeadline: Duration = .seconds(10)
    /// How long one call that submits a task may take before it is repeated, perhaps to another coordinator.
    public static let submitTimeout: Duration = .seconds(5)
    /// How long whoever submits a task waits for a ledger that cannot be written, before that is the answer.
    public static let ledgerPatience: Duration = .seconds(5)
    /// How many tasks a worker runs at once.
    public static let slots = 6
    /// The most slots that one worker may offer.
    public static let maximumSlots = 4096
    /// The most workers of one coordinator.
    public static let maximumWorkers = 256
    /// The largest task, in bytes; beyond it the task is refused, or reported as an error.
    public static let maximumTaskBytes = 16 << 20
    /// The largest result, in bytes; beyond it the task fails.
    public static let maximumResultBytes = 16 << 20
    /// The largest frame, in bytes: the largest task or result, and what is said about it.
    public static let maximumFrameBytes = 17 << 20
    /// A dispatch of several tasks is closed at this size, in bytes; one task may be larger.
    public static let dispatchBytes = 64 << 10
    /// The most tasks that wait or run; beyond it tasks are refused.
    public static let maximumUnfinished = 100_000
    /// About how many bytes the tasks that wait or run may take, which the coordinator has in memory; beyond it tasks are refused.
    public static let maximumUnfinishedBytes = 1 << 30
    /// The most outcomes that wait for the platform to take them; beyond it the platform is told that we are busy.
    public static let maximumUnreported = 10_000
    /// How many ended tasks the dispatcher itself remembers, for results that come twice; the ledger remembers more.
    public static let recentlyFinished = 10_000
    /// How many finished tasks a ledger keeps.
    public static let finishedKept = 1_000_000
    /// For how long a ledger keeps finished tasks, in seconds: 7 days.
    public static let finishedFor: Double = 7 * 86_400
    /// How many bytes of finished tasks the ledger in memory keeps.
    public static let finishedBytesInMemory = 256 << 20
    /// How many attempts a task's record names; the oldest go first.
    public static let attemptsKept = 20
    /// The longest message of a failure, in bytes; the rest is cut off.
    public static let maximumMessageBytes = 64 << 10
    /// The longest id, name or queue, in bytes.
    public static let maximumNameBytes = 1024
    /// How many tasks one task may wait for.
    public static let maximumPredecessors = 100
    /// The longest that a limit of a task may be: about 31 years, more than anybody waits, and nothing overflows.
    public static let longestLimit: Duration = .microseconds(1_000_000_000_000_000)
    /// How many attempts, or lost workers, a task may be allowed.
    public static let maximumAttempts = 1_000_000
    /// How often the platform is asked whether running tasks were stopped: soon enough to spare work, at the price of one list each time.
    public static let platformPoll: Duration = .seconds(10)
    /// How many single tasks are read from the platform in a second at most, when its list and the ledger differ.
    public static let platformReadsPerSecond = 50
    /// How many of these reads are on their way at once.
    public static let platformReadsInFlight = 4
    /// How many reports are on their way to the platform at once.
    public static let reportsInFlight = 8
    /// How often a beginning is tried before the final status, once it is known, goes ahead without it.
    ///
    /// With the growing pauses that is about half a minute. The final status, which matters, is tried until it is taken or refused.
    public static let executingReportAttempts = 8
}
