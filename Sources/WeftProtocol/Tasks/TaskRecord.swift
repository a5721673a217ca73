// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A task in the ledger: what was asked, and what became of it.
public struct TaskRecord: Hashable, Sendable {
    /// What was asked; it never changes.
    public var task: TaskSubmission
    /// What became of it.
    public var status: LedgerStatus

    /// Creates a record.
    public init(task: TaskSubmission, status: LedgerStatus) {
        self.task = task
        self.status = status
    }
}
