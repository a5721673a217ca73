// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftProtocol
import WeftTestKit

struct InMemoryLedgerTests {
    @Test(arguments: LedgerConformance.checks)
    func conforms(to check: LedgerConformance) async throws {
        try await check.run(InMemoryLedger())
    }

    @Test func finishedTasksAreKeptUpToACountAndASize() async throws {
        for ledger in [InMemoryLedger(finishedKept: 2), InMemoryLedger(finishedBytes: 1200)] {
            let epoch = try await ledger.open().epoch
            for index in 0..<5 {
                var record = LedgerConformance.record("t\(index)")
                record.status.state = .completed
                try await ledger.write([.accepted(record)], epoch: epoch)
            }
            let left = try await ledger.tasks(in: [.completed], limit: 10).map(\.task.id)
            #expect(left == ["t3", "t4"])
        }
    }

    @Test func deadLettersStayWhenFinishedTasksGo() async throws {
        let ledger = InMemoryLedger(finishedKept: 2)
        let epoch = try await ledger.open().epoch
        for index in 0..<9 {
            var record = LedgerConformance.record("t\(index)")
            record.status.state = index < 3 ? .dead : .completed
            try await ledger.write([.accepted(record)], epoch: epoch)
        }
        #expect(try await ledger.tasks(in: [.completed], limit: 10).map(\.task.id) == ["t7", "t8"])
        // They have a bound of their own.
        #expect(try await ledger.tasks(in: [.dead], limit: 10).map(\.task.id) == ["t1", "t2"])
    }
}
