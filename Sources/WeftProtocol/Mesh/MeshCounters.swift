// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How often what should not happen did.
public struct MeshCounters: Hashable, Sendable {
    /// Messages from nodes that have not said HELLO.
    public var strangers: UInt64 = 0
    /// Messages that contradict the link they came over or what is known.
    public var contradictions: UInt64 = 0
    /// Nodes that were not taken in.
    public var rejected: UInt64 = 0
    /// Events that had already come.
    public var duplicates: UInt64 = 0
    /// Batches that came before their origin's probe.
    public var early: UInt64 = 0
    /// Runs of events that will not come.
    public var gaps: UInt64 = 0
    /// Events that will not come.
    public var missed: UInt64 = 0
    /// Members that fell silent.
    public var suspected: UInt64 = 0
    /// Members declared dead.
    public var died: UInt64 = 0
    /// Late joiners turned away because too many waited.
    public var snapshotsRefused: UInt64 = 0

    /// Batches that waited for what was missing before them.
    public var held: UInt64 = 0
    /// Batches dropped because too much waited already; they are fetched later.
    public var heldOverflowed: UInt64 = 0
    /// Times events were asked for again.
    public var fetches: UInt64 = 0
    /// Fetches that nobody answered in time.
    public var fetchesUnanswered: UInt64 = 0
    /// Events that came from the origin's window.
    public var repairedByOrigin: UInt64 = 0
    /// Events that came from another member's window.
    public var repairedByOthers: UInt64 = 0
    /// Fetches answered for others.
    public var fetchesServed: UInt64 = 0
    /// Fetches put off because others had been sent as much as they may for now.
    public var fetchesPutOff: UInt64 = 0

    /// Nothing has happened yet.
    public init() {}
}
