// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import GRDB
import WeftProtocol

extension Row {
    /// What is in a column.
    ///
    /// GRDB's own subscript traps where a column holds what it should not, and SQLite lets a file hold
    /// anything anywhere.
    ///
    /// - Throws: ``LedgerError`` naming the column.
    func column<T: DatabaseValueConvertible & StatementColumnConvertible>(
        _ name: String, as type: T.Type = T.self
    ) throws -> T {
        do {
            return try self.decode(type, forColumn: name)
        } catch {
            throw LedgerError(
                .damaged, "The ledger's column \"\(name)\" holds something else than \(type).", cause: error)
        }
    }
}
