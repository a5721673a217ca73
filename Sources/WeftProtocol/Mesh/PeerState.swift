// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// What is between this node and one member.
struct PeerState {
    /// The control link to it.
    var link: UInt32
    /// Whether it has answered HELLO on that link.
    var isWelcomed = false
    /// The number of the link over which it said HELLO last.
    var itsLink: UInt32?
    /// When HELLO is said again.
    var nextHello: MonotonicTime
    /// When the link is opened anew if nobody answers.
    var nextRedial: MonotonicTime
    /// Whether its subscription to this node's probes has been seen.
    var isSubscribed = false
    /// The probe that it has not acknowledged, and when it was sent.
    var probe: (nonce: UInt64, sentAt: MonotonicTime)?
    /// It has acknowledged a probe: it hears this node.
    var hearsUs = false
    /// The head of its first probe: this node hears it from there on.
    var heardFrom: UInt64?
    /// For how long it has lived without both directions being confirmed.
    var unconfirmedFor: Duration = .zero
    /// This node has joined without it; until both directions are confirmed.
    var isLeftOut = false
    /// `weft:peer-joined` has been announced, and `weft:peer-left` has not.
    var isAnnounced = false
    /// Where its stream has begun at others, who were told of it before it was heard here.
    var toldBeginning: UInt64?
    /// When `weft:peer-joined` was announced.
    var announcedAt: MonotonicTime?
    /// The last that it said it has of this node's stream.
    var confirmed: (sequence: UInt64, missed: UInt64)?
    /// Its goodbye: where its stream ends, and until when the end may still come.
    var goodbye: (head: UInt64, deadline: MonotonicTime)?
    /// How far it has received the others' streams, by its last heartbeat.
    var cursors: [NodeID: UInt64] = [:]
    /// Heartbeats in a row whose digest differed.
    var differingDigests = 0
    /// Whether its event stream is connected.
    var isListening = false
    /// When it is called again after nobody has answered.
    var redials = Backoff()
    /// When its event stream may be connected anew although it is heard otherwise.
    var nextResubscription = MonotonicTime(nanoseconds: 0)
    /// What is being asked of others, while it is suspect.
    var suspicion: Suspicion?
    /// What was dialled to reach it.
    var dialled: DialledAddress?

    /// How far it is behind a node that waits for the slowest.
    var lag: Lag?

    /// A peer that holds up a node that waits for the slowest.
    struct Lag {
        /// How far it is.
        var cursor: UInt64
        /// Since when it has not got any further.
        var since: MonotonicTime
        /// It has not for too long, and is not waited for until it has caught up.
        var isLeftBehind = false
    }

    /// Both directions have been confirmed.
    var isComplete: Bool { self.hearsUs && self.heardFrom != nil }
}
