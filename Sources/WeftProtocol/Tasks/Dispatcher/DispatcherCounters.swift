// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a dispatcher has counted since it began.
public struct DispatcherCounters: Hashable, Sendable {
    /// Tasks put into the ledger.
    public var accepted = 0
    /// Tasks that came again.
    public var repeated = 0
    /// Other tasks that came under an id that was known.
    public var conflicts = 0
    /// Tasks not taken.
    public var refused = 0
    /// Attempts dealt to workers.
    public var dealt = 0
    /// Tasks that ended with a result.
    public var completed = 0
    /// Tasks that became dead letters.
    public var dead = 0
    /// Tasks that were cancelled.
    public var cancelled = 0
    /// Tasks whose waiting or whose time in all was over.
    public var expired = 0
    /// Tasks that were queued again after their end.
    public var requeued = 0
    /// Dead letters dropped.
    public var dropped = 0
    /// Attempts taken from a handler that did not stop at its time limit.
    public var overruns = 0
    /// Failures of handlers.
    public var handlerFailures = 0
    /// Attempts cut off by the loss of a worker.
    public var workerLosses = 0
    /// Attempts that came back without a loss.
    public var returns = 0
    /// Attempts that a worker reclaimed after a restart.
    public var reclaimed = 0
    /// Results and other messages about an attempt or an epoch that is over.
    public var stale = 0
    /// Results that came again after they had been accepted.
    public var repeatedResults = 0
    /// Messages from nodes that are not workers here.
    public var strangers = 0
    /// Results larger than allowed.
    public var oversizedResults = 0
    /// Progress and beginnings that came after the attempt's end.
    public var late = 0
    /// Results for tasks that nobody here knows.
    public var unknownResults = 0
    /// Times that the wall clock was seen to jump.
    public var clockJumps = 0
    /// Registrations refused.
    public var refusedWorkers = 0

    /// Creates counters at zero.
    public init() {}
}
