// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a worker's machine has counted since it began.
public struct WorkerCounters: Hashable, Sendable {
    /// Attempts begun.
    public var started = 0
    /// Attempts that ended with a result.
    public var completed = 0
    /// Attempts that failed.
    public var failed = 0
    /// Attempts that were cancelled.
    public var cancelled = 0
    /// Attempts that ran into their time limit.
    public var expired = 0
    /// Attempts dropped because they were no longer this worker's.
    public var superseded = 0
    /// Attempts stopped because the coordinator fell silent and their leases ran out.
    public var leasesLost = 0
    /// Handlers that did not stop within their time, and whose attempts were ended without them.
    public var unstoppable = 0
    /// Reports of progress that gave way to a newer one.
    public var progressCoalesced = 0
    /// Reports of progress larger than allowed.
    public var oversizedProgress = 0
    /// Messages from an older epoch, or meant for another node.
    public var foreign = 0
    /// Tasks given back.
    public var returned = 0
    /// Tasks that had begun when they were given back.
    public var interrupted = 0
    /// Results larger than allowed.
    public var oversizedResults = 0
    /// Times this worker registered.
    public var registrations = 0

    /// Creates counters at zero.
    public init() {}
}
