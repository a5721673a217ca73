// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeftProtocol
import WeftSQLite

/// Where a coordinator keeps its ledger.
enum LedgerOption: Hashable, ExpressibleByArgument {
    case memory
    case file(String)

    init?(argument: String) {
        switch argument {
        case "": return nil
        case "memory": self = .memory
        default: self = .file(argument)
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .memory: "memory"
        case .file(let path): path
        }
    }

    /// Opens the ledger, or makes it.
    ///
    /// - Parameters:
    ///   - settings: What it waits for, and how long it keeps what has ended.
    ///   - holder: Who opens it; whoever comes second is told.
    func open(
        _ settings: LedgerSettings = LedgerSettings(), holder: String = "a coordinator"
    ) throws(CommandFailure) -> any Ledger {
        let kept = settings.keepFinished ?? TaskDefaults.finishedKept
        switch self {
        case .memory: return InMemoryLedger(finishedKept: kept)
        case .file(let path):
            do throws(LedgerError) {
                return try SQLiteLedger(
                    path: path, synchronous: settings.synchronous ?? .full, finishedKept: kept,
                    finishedFor: settings.keepFor.map { $0 / .seconds(1) } ?? TaskDefaults.finishedFor, holder: holder)
            } catch {
                throw CommandFailure(ledger: error)
            }
        }
    }
}

extension CommandFailure {
    /// Why a ledger can't be used, as an exit status.
    init(ledger error: LedgerError) {
        let status: ExitStatus =
            switch error.code {
            case .superseded, .invalidChange: .failed
            default: .configuration
            }
        self.init(status, "--ledger: \(error.message)")
    }
}
