// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The exit codes of every command; those from 64 to 78 are the ones of `sysexits.h`.
enum ExitStatus: Int32 {
    /// Done.
    case done = 0
    /// Failed.
    case failed = 1
    /// The command line was wrong.
    case usage = 64
    /// The input data was wrong.
    case badInput = 65
    /// Somebody who was needed could not be reached.
    case unreachable = 69
    /// Something went wrong that may go right next time.
    case tryAgain = 75
    /// Refused, for want of the right keys.
    case refused = 77
    /// The configuration is wrong or incomplete.
    case configuration = 78
    /// The time ran out.
    case timedOut = 124
    /// Interrupted by a signal.
    case interrupted = 130

    var code: ExitCode { ExitCode(self.rawValue) }
}
