// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing
import WeftProtocol
import WeftSQLite
import WeftTestKit

/// A sound file with something in it that does not belong there: SQLite keeps anything in any column.
struct LedgerDamageTests {
    @Test(arguments: [
        "UPDATE reports SET item = 7", "UPDATE reports SET item = ''", "UPDATE ledger SET id = x'ff'",
        "UPDATE payloads SET task = 7", "UPDATE payloads SET task = x'c1'", "UPDATE tasks SET status = 7",
        "UPDATE tasks SET status = 1.5", "UPDATE tasks SET status = x''",
        "DELETE FROM payloads; PRAGMA ignore_check_constraints = ON; UPDATE tasks SET id = x'ff'",
    ])
    func isNamedAndDoesNotTrap(sql: String) async throws {
        try await SQLiteLedgerTests.withFolder { folder in
            let path = folder + "/ledger.sqlite"
            let ledger = try SQLiteLedger(path: path)
            let epoch = try await ledger.open().epoch
            let item = ReportItem(taskID: "a", agentID: "agent", content: .executing)
            try await ledger.write([.accepted(LedgerConformance.record("a")), .report(item)], epoch: epoch)
            await ledger.close()
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in try db.execute(sql: sql) }
            try queue.close()

            let damaged = try SQLiteLedger(path: path)
            let error = await #expect(throws: LedgerError.self) {
                _ = try await damaged.open()
            }
            #expect(error?.code == .damaged, "\(String(describing: error))")
            // Alone a row is read another way than among others.
            if !sql.contains("ledger"), !sql.contains("reports"), !sql.contains("id =") {
                let error = await #expect(throws: LedgerError.self) { _ = try await damaged.task("a") }
                #expect(error?.code == .damaged, "\(String(describing: error))")
            }
            await damaged.close()
            _ = try? SQLiteLedger.check(path)
        }
    }
}
