// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeftProtocol
import WeftSQLite
import WeftValue

/// `weft bench ledger`: makes an empty ledger, and says how large a task's rows are, for a baseline without Weft.
struct BenchLedger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Make an empty ledger for a baseline.", shouldDisplay: false)

    @Argument var path: String
    @Option var payload = 64

    func run() async throws {
        let submission = TaskSubmission(payload: .bytes([UInt8](repeating: 7, count: self.payload)))
        do throws(LedgerError) {
            let ledger = try SQLiteLedger(path: self.path, synchronous: .full, holder: "weft bench ledger")
            await ledger.close()
        } catch {
            throw CommandFailure(.failed, error.description)
        }
        let baseline = LedgerBaseline(submission)
        BoundedWriter.output.line(
            Value.object([
                "task_bytes": .int(Int64(baseline.taskBytes)),
                "status_bytes": .array(baseline.statusBytes.map { .int(Int64($0)) }),
            ]).json())
    }
}
