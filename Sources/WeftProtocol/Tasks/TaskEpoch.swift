// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A coordinator's turn at a ledger; each one that opens the ledger counts one further.
///
/// Counters compare within one ledger only: another ledger's epoch is neither older nor newer.
public struct TaskEpoch: Hashable, Sendable {
    /// The ledger's id, made when the ledger was.
    public var ledgerID: String
    /// How many coordinators have opened the ledger.
    public var counter: UInt64

    /// Creates an epoch.
    public init(ledgerID: String, counter: UInt64) {
        self.ledgerID = ledgerID
        self.counter = counter
    }

    /// Whether this epoch is an earlier turn at the same ledger.
    public func isOlder(than other: Self) -> Bool {
        self.ledgerID == other.ledgerID && self.counter < other.counter
    }
}

extension TaskEpoch: CustomStringConvertible {
    /// The ledger's id and the counter.
    public var description: String {
        "\(self.ledgerID)/\(self.counter)"
    }
}
