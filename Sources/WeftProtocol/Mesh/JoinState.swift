// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// How far this node has come with joining.
enum JoinState {
    case idle
    /// No member has answered yet.
    case seeking
    /// Waiting for every member to confirm both directions.
    case confirming
    /// Waiting for a member's history.
    case fetching(from: NodeID, id: UInt64, deadline: MonotonicTime)
    /// History is there, or there is none: waiting for members that have become known since.
    case settling
    case joined
    case failed
}

/// An address where members may be found.
struct Seed {
    enum State: Equatable {
        case trying
        /// This member did; once it is gone, the address is called again: another process may answer there.
        case answered(NodeID)
        /// It is this node itself.
        case isSelf
        case rejected(RejectReason, String)
    }

    let endpoint: String
    var state = State.trying
    /// Whether a member has ever answered here.
    var hasAnswered = false
    var link: UInt32?
    var nextHello: MonotonicTime
    var nextRedial: MonotonicTime
    var redials = Backoff()
}
