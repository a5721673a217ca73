// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol

/// A coordinator as it stands: its tasks, its workers, and what it owes the platform.
public struct CoordinatorStatus: Hashable, Sendable {
    /// The epoch.
    public var epoch: TaskEpoch
    /// How many tasks have not ended.
    public var unfinished: Int
    /// How many of them workers hold.
    public var held: Int
    /// How many outcomes the platform has not taken.
    public var unreported: Int
    /// The workers.
    public var workers: [WorkerSummary]
    /// What the dispatcher has counted.
    public var counters: DispatcherCounters
    /// What the outbox to the platform has counted.
    public var reports: ReportOutbox.Counters
    /// Tasks found in the platform's list that the ledger lacked.
    public var adopted: Int
    /// Frames on the sink that could not be read.
    public var badFrames: Int
}
