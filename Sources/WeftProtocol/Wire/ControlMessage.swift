// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftValue

/// A message between two nodes, beside the event stream.
public enum ControlMessage: Hashable, Sendable {
    /// The first word on every link: who calls, and whom; nil for whoever answers there. It may be said again.
    indirect case hello(MemberRecord, to: NodeID? = nil)
    /// The answer to `hello`: who answers, and everyone it knows.
    indirect case welcome(MemberRecord, roster: [RosterEntry])
    /// The answer to who is not taken in.
    case reject(RejectReason, message: String, versions: VersionRange)
    /// The probe with this nonce arrived on the event stream.
    case probeAck(nonce: UInt64)
    /// A sign of life: the sender's own head, how far it has received the others, and a digest of its roster.
    case heartbeat(head: UInt64, cursors: [NodeID: UInt64], digest: UInt64)
    /// Members that the sender knows; with `wantsReply` it asks for the receiver's.
    case roster([RosterEntry], wantsReply: Bool)
    /// Asks for the history and cursors of a member that has received at least the floors.
    case snapshotRequest(id: UInt64, floors: [NodeID: UInt64])
    /// The answer; not ready when the member is itself still joining.
    case snapshot(id: UInt64, isReady: Bool, events: [EventRecord], cursors: [NodeID: UInt64])
    /// Asks for a word when the sender's stream has been received up to the sequence.
    case flush(through: UInt64)
    /// The sender has received it, and has missed so many events of the stream in all.
    ///
    /// `by` is who answers, since the process at an address may be another one by then; nil from those who don't say.
    case flushed(through: UInt64, missed: UInt64, by: NodeID? = nil)
    /// The sender leaves; its stream ends with the head.
    case goodbye(head: UInt64)
    /// A call.
    case request(id: UInt64, method: String, body: Value)
    /// The answer to a call: what was asked for, or why not.
    case reply(id: UInt64, isSuccess: Bool, body: Value)

    /// Asks for events of any origin that the receiver still holds.
    case fetch(id: UInt64, origin: NodeID, first: UInt64, last: UInt64)
    /// The answer: the batches that hold them, or the first of them, in order.
    ///
    /// - Parameters:
    ///   - from: The first sequence asked for that the sender holds, 0 when it holds none.
    ///   - isBusy: The sender has sent others as much as it may for now; ask again a little later.
    case repair(id: UInt64, origin: NodeID, from: UInt64, isBusy: Bool, batches: [ArraySlice<UInt8>])
    /// Asks the receiver whether it lives, although somebody who knows it with this refutation doubts it.
    case ping(id: UInt64, refutation: UInt64)
    /// The answer: a member defends itself with a refutation that is higher than the one doubted; or another one passes
    /// that on, and says how many milliseconds ago the member was alive.
    case pong(id: UInt64, member: NodeID, refutation: UInt64, age: UInt64)
    /// Asks the receiver to ping a member that the sender does not hear, and to pass the answer on.
    case pingRequest(id: UInt64, member: NodeID, refutation: UInt64)
    /// Tells the receiver, a joined member when that was, that an origin's stream has begun after a sequence, from which on it is due
    /// to the receiver, too.
    case began(origin: NodeID, after: UInt64)

    /// The kind as it goes over the wire.
    public var kind: Kind {
        switch self {
        case .hello: .hello
        case .welcome: .welcome
        case .reject: .reject
        case .probeAck: .probeAck
        case .heartbeat: .heartbeat
        case .roster: .roster
        case .snapshotRequest: .snapshotRequest
        case .snapshot: .snapshot
        case .flush: .flush
        case .flushed: .flushed
        case .goodbye: .goodbye
        case .request: .request
        case .reply: .reply
        case .fetch: .fetch
        case .repair: .repair
        case .ping: .ping
        case .pong: .pong
        case .pingRequest: .pingRequest
        case .began: .began
        }
    }

    /// The kinds and their numbers.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// See ``ControlMessage/hello(_:to:)``.
        case hello = 1
        /// See ``ControlMessage/welcome(_:roster:)``.
        case welcome = 2
        /// See ``ControlMessage/reject(_:message:versions:)``.
        case reject = 3
        /// See ``ControlMessage/probeAck(nonce:)``.
        case probeAck = 4
        /// See ``ControlMessage/heartbeat(head:cursors:digest:)``.
        case heartbeat = 5
        /// See ``ControlMessage/roster(_:wantsReply:)``.
        case roster = 6
        /// See ``ControlMessage/snapshotRequest(id:floors:)``.
        case snapshotRequest = 7
        /// See ``ControlMessage/snapshot(id:isReady:events:cursors:)``.
        case snapshot = 8
        /// See ``ControlMessage/flush(through:)``.
        case flush = 9
        /// See ``ControlMessage/flushed(through:missed:by:)``.
        case flushed = 10
        /// See ``ControlMessage/goodbye(head:)``.
        case goodbye = 11
        /// See ``ControlMessage/request(id:method:body:)``.
        case request = 12
        /// See ``ControlMessage/reply(id:isSuccess:body:)``.
        case reply = 13
        /// See ``ControlMessage/fetch(id:origin:first:last:)``.
        case fetch = 14
        /// See ``ControlMessage/repair(id:origin:from:isBusy:batches:)``.
        case repair = 15
        /// See ``ControlMessage/ping(id:refutation:)``.
        case ping = 16
        /// See ``ControlMessage/pong(id:member:refutation:age:)``.
        case pong = 17
        /// See ``ControlMessage/pingRequest(id:member:refutation:)``.
        case pingRequest = 18
        /// See ``ControlMessage/began(origin:after:)``.
        case began = 19

        /// The largest frame of this kind: a stranger's first word, say, is a record, and what is larger is not even read.
        public var maximumFrame: Int {
            switch self {
            case .hello, .reject, .probeAck, .heartbeat, .snapshotRequest, .flush, .flushed, .goodbye, .fetch, .ping,
                .pong, .pingRequest, .began:
                WireFormat.maximumSmallFrame
            case .welcome, .roster: WireFormat.maximumRosterFrame
            case .snapshot, .request, .reply, .repair: WireFormat.maximumControlFrame
            }
        }

        /// The members that a body of this kind has; all others are skipped.
        var members: Set<String> {
            switch self {
            case .hello: ["n", "t"]
            case .welcome: ["n", "r"]
            case .reject: ["c", "m", "v"]
            case .probeAck: ["k"]
            case .heartbeat: ["h", "c", "d"]
            case .roster: ["r", "p"]
            case .snapshotRequest: ["k", "f"]
            case .snapshot: ["k", "y", "e", "c"]
            case .flush: ["s"]
            case .flushed: ["s", "x", "i"]
            case .goodbye: ["h"]
            case .request: ["k", "m", "b"]
            case .reply: ["k", "o", "b"]
            case .fetch: ["k", "i", "f", "l"]
            case .repair: ["k", "i", "f", "y", "e"]
            case .ping: ["k", "u"]
            case .began: ["i", "h"]
            case .pong: ["k", "i", "u", "a"]
            case .pingRequest: ["k", "i", "u"]
            }
        }

        /// HELLO, WELCOME and REJECT look the same in every version: they are how versions are agreed on.
        var isFrozen: Bool { self.rawValue <= Self.reject.rawValue }
    }
}
