// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `weft ledger`: a ledger's file, while no coordinator is asked.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Checks a ledger's file, or makes it smaller.",
        discussion: """
            Example:
              weft ledger check ./tasks.ledger
              weft ledger compact ./tasks.ledger --keep-for 1d
            """,
        subcommands: [LedgerCheckCommand.self, LedgerCompactCommand.self])
}
