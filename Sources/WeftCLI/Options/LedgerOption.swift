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
    func open(_ settings: LedgerSettings = LedgerSettings()) throws(CommandFailure) -> any Ledger {
        let kept = settings.keepFinished ?? TaskDefaults.finishedKept
        switch self {
        case .memory: return InMemoryLedger(finishedKept: kept)
        case .file(let path):
            let keptFor = settings.keepFor ?? .seconds(7 * 24 * 3600)
            do throws(LedgerError) {
                return try SQLiteLedger(path: path, finishedKept: kept, finishedFor: keptFor / .seconds(1))
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
