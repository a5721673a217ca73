// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeftProtocol
import WeftSQLite
import WeftValue

/// `weft ledger compact PATH`: drops old finished tasks and gives the room back.
struct LedgerCompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Drops finished tasks that need not be kept, and gives their room back to the disk.",
        discussion: """
            Stop the coordinator first: it is refused while one has the file. Unfinished tasks, dead letters, and what the \
            platform has not been told stay. Needs as much room again as the file has, for a moment.

            Example:
              weft ledger compact ./tasks.ledger --keep-finished 1000 --keep-for 1d
            """)

    @Argument(help: "The ledger's file.")
    var path: String
    @Option(help: "How many finished tasks are kept; the oldest go first.")
    var keepFinished = TaskDefaults.finishedKept
    @Option(help: "For how long finished tasks are kept, such as 12h or 7d.")
    var keepFor = DurationArgument(.seconds(TaskDefaults.finishedFor))
    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard self.keepFinished >= 0 else { throw ValidationError("--keep-finished takes a number from 0") }
    }

    func run() async throws {
        let result: LedgerCompaction
        let showsProgress = Terminal.isTerminal(2)
        do {
            result = try await SQLiteLedger.compact(
                self.path, finishedKept: self.keepFinished, finishedFor: self.keepFor.duration / .seconds(1)
            ) { dropped in
                if showsProgress, dropped > 0 { BoundedWriter.error.line("weft: \(dropped) tasks dropped so far") }
            }
        } catch let error as LedgerError {
            let status: ExitStatus =
                switch error.code {
                case .inUse: .tryAgain
                case .foreign, .damaged: .badInput
                default: .failed
                }
            throw CommandFailure(status, error.description)
        }
        let freed = max(0, result.bytesBefore - result.bytesAfter)
        if self.json {
            let value: Value = [
                "path": .string(self.path), "dropped": Value(result.dropped),
                "bytes_before": Value(result.bytesBefore), "bytes_after": Value(result.bytesAfter),
                "bytes_freed": Value(freed),
            ]
            BoundedWriter.output.line(value.json())
            return
        }
        BoundedWriter.output.line(
            "\(self.path): \(result.dropped) finished tasks dropped, \(freed) bytes freed, \(result.bytesAfter) left")
    }
}
