// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How much of the workers a queue gets, and how fast.
public struct QueueConfiguration: Hashable, Sendable {
    /// The queue's share, beside the weights of the other queues that have tasks to deal: 3 beside 1 is three tasks of four.
    public var weight: Int
    /// The most tasks of the queue that workers hold; nil for no limit.
    public var maximumRunning: Int?
    /// The most tasks of the queue with the same key that workers hold; nil for no limit.
    public var maximumRunningPerKey: Int?
    /// How many tasks are dealt in a second, in the long run; nil for no limit.
    public var rate: Double?
    /// How many tasks may be dealt at once after a rest, when there is a rate.
    public var burst: Int

    /// Creates settings; values below the least that makes sense are raised to it.
    ///
    /// - Parameters:
    ///   - weight: The queue's share, from 1.
    ///   - maximumRunning: The most tasks that workers hold, from 1; nil for no limit.
    ///   - maximumRunningPerKey: The most tasks with the same key that workers hold, from 1; nil for no limit.
    ///   - rate: Tasks dealt in a second, more than 0; nil for no limit.
    ///   - burst: Tasks dealt at once after a rest, from 1.
    public init(
        weight: Int = 1, maximumRunning: Int? = nil, maximumRunningPerKey: Int? = nil, rate: Double? = nil,
        burst: Int = 1
    ) {
        self.weight = max(1, weight)
        self.maximumRunning = maximumRunning.map { max(1, $0) }
        self.maximumRunningPerKey = maximumRunningPerKey.map { max(1, $0) }
        self.rate = rate
        self.burst = max(1, burst)
    }
}
