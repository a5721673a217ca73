// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A ledger that never waits: what it is asked for is done when the call returns.
///
/// Whoever has one need not suspend for it, which would cost more than the writing.
public protocol ImmediateLedger: Ledger {
    /// Writes all the changes or none, as ``Ledger/write(_:epoch:)`` does.
    func writeNow(_ changes: [LedgerChange], epoch: TaskEpoch) throws

    /// The task with an id, finished or not; nil when the ledger has none, or no longer.
    func taskNow(_ id: String) -> TaskRecord?
}
