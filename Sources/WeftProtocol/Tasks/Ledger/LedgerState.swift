// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a coordinator finds in the ledger when it opens it.
public struct LedgerState: Hashable, Sendable {
    /// The epoch that begins with this opening.
    public var epoch: TaskEpoch
    /// Every task that has not ended, the oldest first.
    public var unfinished: [TaskRecord]
    /// What the platform has not taken yet, the oldest first.
    public var reports: [ReportItem]

    /// Creates a state.
    public init(epoch: TaskEpoch, unfinished: [TaskRecord] = [], reports: [ReportItem] = []) {
        self.epoch = epoch
        self.unfinished = unfinished
        self.reports = reports
    }
}
