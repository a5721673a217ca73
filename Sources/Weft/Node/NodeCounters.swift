// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol

/// How often what should not happen did, at this node.
public struct NodeCounters: Hashable, Sendable {
    /// The mesh's own.
    public var mesh = MeshCounters()
    /// Frames that are not Weft's or cannot be read, by what is wrong with them.
    public var badFrames: [String: UInt64] = [:]
    /// Control messages that could not be sent: the peer's queue is full, or the peer is gone.
    public var unsent: UInt64 = 0
    /// Links and subscriptions that could not be opened.
    public var unopened: UInt64 = 0
    /// Times a peer that did not keep up was left behind.
    public var leftBehind: UInt64 = 0
    /// Times the stream was held back until a peer had confirmed what would have left the window.
    public var heldForSlowest: UInt64 = 0
    /// Times reading stopped because the bus was behind.
    public var readingPaused: UInt64 = 0
    /// Emits that were held back because the outbox was full.
    public var emitsHeld: UInt64 = 0
    /// Emits that went on although the outbox was full, because they had waited long enough.
    public var emitsOverflowed: UInt64 = 0
    /// Connections turned away because nearly all descriptors were in use.
    public var turnedAway: UInt64 = 0
    /// Calls refused because too many were being answered.
    public var requestsRefused: UInt64 = 0
    /// Calls of this node that were said again because no answer had come.
    public var requestsRepeated: UInt64 = 0
    /// Calls of others that came again and were not done again.
    public var requestsCameAgain: UInt64 = 0
    /// Answers that were forgotten before a call could come again, because there were too many.
    public var answersForgotten: UInt64 = 0

    /// Who was kept out; nil for a node without keys.
    public var security: SecurityCounters?

    /// Nothing has happened yet.
    public init() {}
}
