// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a coordinator says to a worker, down the worker's own dispatch link.
public enum CoordinatorMessage: Hashable, Sendable {
    /// The worker is taken on.
    case welcome(WorkerWelcome)
    /// Tasks to run.
    case dispatch([TaskRequest])
    /// A sign of life; the number comes back in the worker's next heartbeat, and `heard` is the newest heartbeat heard.
    case ping(number: UInt64, heard: UInt64)
    /// The outcomes are in the ledger; the worker may forget them.
    case acknowledged([TaskReference])
    /// The attempts are no longer the worker's: it stops them and forgets what came of them.
    case superseded([TaskReference])
    /// Stop the handler and say how it ended.
    case cancel(TaskReference, reason: String)
    /// Finish what runs, then leave.
    case drain
}
