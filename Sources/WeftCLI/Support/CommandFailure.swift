// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a command ends with another exit status than 0, in words for the person who typed it.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    /// What was wrong and what to do about it; empty when everything has been said already.
    let message: String

    init(_ status: ExitStatus, _ message: String = "") {
        self.status = status
        self.message = message
    }

    var description: String { self.message }
}
