// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

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
}
