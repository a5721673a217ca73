// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// What became of a flush, peer by peer.
public struct FlushReport: Hashable, Sendable {
    /// What became of it at one peer.
    public enum Outcome: String, Hashable, Sendable {
        /// The peer has received everything in order and handed it to its mailboxes.
        case confirmed
        /// The peer said goodbye, and did not have everything by then.
        case left
        /// The peer fell silent and was given up.
        case dead
        /// The peer lives and has not confirmed within the time that a flush may take, or the node has joined without it.
        case unconfirmed
    }

    /// One peer's part.
    public struct Entry: Hashable, Sendable {
        /// The peer.
        public var id: NodeID
        /// Its name.
        public var name: String
        /// What became of the flush there.
        public var outcome: Outcome
        /// How many events of this node's stream the peer has missed in all.
        public var missed: UInt64

        /// Creates an entry.
        public init(id: NodeID, name: String, outcome: Outcome, missed: UInt64 = 0) {
            self.id = id
            self.name = name
            self.outcome = outcome
            self.missed = missed
        }
    }

    /// The peers, by name.
    public var entries: [Entry]

    /// Creates a report.
    public init(entries: [Entry]) {
        self.entries = entries
    }

    /// How many peers confirmed.
    public var confirmed: Int { self.entries.count { $0.outcome == .confirmed } }
    /// Whether every peer confirmed and none has missed anything.
    public var isComplete: Bool { self.entries.allSatisfy { $0.outcome == .confirmed && $0.missed == 0 } }
}
