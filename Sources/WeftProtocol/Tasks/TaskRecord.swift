// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A task in the ledger: what was asked, and what became of it.
public struct TaskRecord: Sendable {
    /// On its own, because a record goes through many hands and is changed by few.
    private final class Storage: Sendable {
        let task: TaskSubmission
        let status: LedgerStatus

        init(_ task: TaskSubmission, _ status: LedgerStatus) {
            self.task = task
            self.status = status
        }
    }

    private var storage: Storage

    /// What was asked; it never changes.
    public var task: TaskSubmission {
        get { self.storage.task }
        set { self.storage = Storage(newValue, self.storage.status) }
    }
    /// What became of it.
    public var status: LedgerStatus {
        get { self.storage.status }
        set { self.storage = Storage(self.storage.task, newValue) }
    }

    /// Creates a record.
    public init(task: TaskSubmission, status: LedgerStatus) {
        self.storage = Storage(task, status)
    }

    // Without a copy of all the rest.

    /// Where the task is in its life.
    package var state: TaskState { self.storage.status.state }
    /// When the task was accepted.
    package var acceptedAt: Date { self.storage.status.acceptedAt }
}

extension TaskRecord: Hashable {
    /// Whether two records say the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.storage === right.storage || (left.task == right.task && left.status == right.status)
    }

    /// Hashes all that is said.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.task)
        hasher.combine(self.status)
    }
}
