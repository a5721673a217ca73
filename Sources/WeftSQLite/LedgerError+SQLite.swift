// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import GRDB
import WeftProtocol
import WeftValue

extension LedgerError {
    /// What an error of SQLite means for a ledger.
    init(sqlite error: any Error, path: String) {
        if let error = error as? LedgerError {
            self = error
            return
        }
        if error is TaskPlaneError || error is MessagePackError {
            self.init(
                .damaged,
                "\(path) holds a record that cannot be read: \(error) weft ledger check \(path) names it; restore the file from a copy, or name another file.",
                cause: error)
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.unavailable, "\(path) cannot be used: \(error)", cause: error)
            return
        }
        switch error.resultCode.primaryResultCode {
        case .SQLITE_CORRUPT:
            self.init(.damaged, "\(path) is damaged. Restore it from a copy, or name another file.", cause: error)
        case .SQLITE_NOTADB:
            self.init(
                .damaged, "\(path) is damaged: its header is broken. Restore it from a copy, or name another file.",
                cause: error)
        case .SQLITE_FULL:
            self.init(.unavailable, "There is no room left for \(path); make some.", cause: error)
        case .SQLITE_IOERR:
            self.init(
                .unavailable, "\(path) cannot be written or read; look at its disk, and at the room there.",
                cause: error)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            self.init(
                .unavailable, "\(path) cannot be opened for writing; check that its folder exists and its permissions.",
                cause: error)
        default:
            self.init(.unavailable, "\(path) cannot be used now.", cause: error)
        }
    }
}
