// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A part of a ledger's list of tasks.
public struct LedgerPage: Hashable, Sendable {
    /// The records: as many as were wanted or as there are, or fewer when they are large.
    public var records: [TaskRecord]
    /// Where the next page begins; nil when there is nothing more.
    public var next: TaskFilter.Cursor?

    /// Creates a page.
    public init(records: [TaskRecord], next: TaskFilter.Cursor? = nil) {
        self.records = records
        self.next = next
    }
}
