// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How often a task is tried, and how long it waits in between.
public struct RetryPolicy: Hashable, Sendable {
    /// How often the handler may fail: 1, because a handler's side effects are not ours to repeat unasked.
    public var handlerAttempts: Int
    /// How often a worker may be lost while it runs the task, before the task is suspected of causing it.
    public var workerLossAttempts: Int
    /// How often an attempt may come back without a loss: never begun, or given back by a worker that left.
    public var returnLimit: Int
    /// The pause after the first failure, which doubles with each further one.
    public var backoff: Duration
    /// The longest pause.
    public var maximumBackoff: Duration

    /// Creates a policy.
    public init(
        handlerAttempts: Int = 1, workerLossAttempts: Int = 3, returnLimit: Int = 20, backoff: Duration = .seconds(1),
        maximumBackoff: Duration = .seconds(300)
    ) {
        self.handlerAttempts = max(1, handlerAttempts)
        self.workerLossAttempts = max(1, workerLossAttempts)
        self.returnLimit = max(1, returnLimit)
        self.backoff = backoff
        self.maximumBackoff = maximumBackoff
    }

    /// The pause before the attempt that follows failure number `failures`, with full jitter: anything between nothing and
    /// the whole pause, so that what failed together does not come back together.
    ///
    /// - Parameters:
    ///   - failures: How many failures there have been, counted from 1.
    ///   - generator: Where the jitter comes from.
    public func pause(afterFailure failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let limit = UInt64(max(0, self.maximumBackoff.clampedNanoseconds))
        let base = UInt64(max(0, self.backoff.clampedNanoseconds))
        let doublings = min(max(0, failures - 1), 62)
        let (product, overflow) = base.multipliedReportingOverflow(by: 1 << UInt64(doublings))
        let ceiling = min(limit, overflow ? .max : product)
        return .nanoseconds(Int64(clamping: UInt64.random(in: 0...ceiling, using: &generator)))
    }
}
