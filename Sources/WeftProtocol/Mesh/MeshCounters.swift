// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How often what should not happen did.
public struct MeshCounters: Hashable, Sendable {
    /// Messages from nodes that have not said HELLO.
    public var strangers: UInt64 = 0
    /// Messages that contradict the link they came over or what is known.
    public var contradictions: UInt64 = 0
    /// Nodes that were not taken in.
    public var rejected: UInt64 = 0
    /// Nodes that were not taken in because the mesh is full, also such as others told of.
    public var full: UInt64 = 0
    /// Records ignored because a text in them is too long, or there is too much of it.
    public var recordsTooLarge: UInt64 = 0
    /// Subscriptions of nodes that have not said HELLO that were not remembered, because there were too many.
    public var strangersForgotten: UInt64 = 0
    /// Rosters not sent yet, because others were sent as many as may be for now.
    public var rostersPutOff: UInt64 = 0
    /// Dead members that are not called again, because there are too many; their own call is enough.
    public var deadNotCalled: UInt64 = 0
    /// Members forgotten before their time, because there were too many.
    public var tombstonesForgotten: UInt64 = 0
    /// Streams of nodes that are no members any more let go before their time, because there were too many.
    public var orphansForgotten: UInt64 = 0
    /// Questions for a FLUSHED that were forgotten, because one origin asked too many.
    public var flushesForgotten: UInt64 = 0
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
    /// Times this node refuted somebody's suspicion that it is dead.
    public var refuted: UInt64 = 0
    /// Answers of others for a member that this node itself did not hear.
    public var vouched: UInt64 = 0
    /// Members that were dead for this node and live for another one.
    public var revived: UInt64 = 0
    /// Times this node found itself late, and gave the others more time.
    public var late: UInt64 = 0
    /// Times a link or a subscription was opened anew because nobody answered on the old one.
    public var redialled: UInt64 = 0
    /// Pings for others that were not passed on, because too many were under way.
    public var pingsRefused: UInt64 = 0
    /// Late joiners turned away because too many waited.
    public var snapshotsRefused: UInt64 = 0

    /// Batches that waited for what was missing before them.
    public var held: UInt64 = 0
    /// Batches dropped because too much waited already; they are fetched later.
    public var heldOverflowed: UInt64 = 0
    /// Batches that left the window of the own stream, because it is full.
    public var ownWindowDropped: UInt64 = 0
    /// Batches that left the windows of the others' streams, because they are full.
    public var receivedWindowsDropped: UInt64 = 0
    /// Peers that a node that waits for the slowest did not wait for any longer, because they did not get any further.
    public var slowestLeftBehind: UInt64 = 0
    /// Times events were asked for again.
    public var fetches: UInt64 = 0
    /// Fetches that nobody answered in time.
    public var fetchesUnanswered: UInt64 = 0
    /// Events that came from the origin's window.
    public var repairedByOrigin: UInt64 = 0
    /// Events that came from another member's window.
    public var repairedByOthers: UInt64 = 0
    /// Times a fetch had to wait because too many were under way.
    public var fetchesDelayed: UInt64 = 0
    /// Fetches answered for others.
    public var fetchesServed: UInt64 = 0
    /// Fetches put off because others had been sent as much as they may for now.
    public var fetchesPutOff: UInt64 = 0

    /// Nothing has happened yet.
    public init() {}
}
