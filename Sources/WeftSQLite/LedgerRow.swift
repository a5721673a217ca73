// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import WeftProtocol

/// A row of a ledger's file as a record.
enum LedgerRow {
    /// The columns that ``record(_:)`` reads, and what they are read from.
    static let columns = "tasks.seq, tasks.id, tasks.state, tasks.status, payloads.task"
    static let tables = "tasks LEFT JOIN payloads ON payloads.seq = tasks.seq"

    static func record(_ row: Row) throws -> TaskRecord {
        guard let task = try row.column("task", as: Data?.self) else {
            throw LedgerError(
                .damaged, "The ledger has lost what task \(try row.column("id", as: String.self)) was to do.")
        }
        return TaskRecord(
            task: try TaskSubmission(value: LedgerBlob.value(task)),
            status: try LedgerStatus(value: LedgerBlob.value(row.column("status"))))
    }
}
