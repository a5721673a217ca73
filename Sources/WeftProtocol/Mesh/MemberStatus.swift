// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// A member as this node sees it.
public struct MemberStatus: Hashable, Sendable {
    /// How it is.
    public enum State: String, Hashable, Sendable {
        /// This node itself.
        case local
        /// Heard from lately.
        case alive
        /// Silent for a while.
        case suspect
        /// Silent for too long.
        case dead
        /// It said goodbye.
        case left
    }

    /// What it tells about itself.
    public var record: MemberRecord
    /// How it is.
    public var state: State
    /// Whether events pass both ways.
    public var isJoined: Bool
    /// Whether this node has joined without it, because events did not pass both ways, and still don't.
    public var isLeftOut: Bool
    /// Everything up to here of its stream has been handed to this node's bus.
    public var cursor: UInt64
    /// How far its stream goes, as far as is known.
    public var head: UInt64
    /// How many events of its stream this node has missed.
    public var missed: UInt64
    /// How long ago this node last heard from it.
    public var silence: Duration
}

extension Mesh {
    /// Everyone that this node knows of, itself first, then by name.
    public func members(at now: MonotonicTime) -> [MemberStatus] {
        let own = MemberStatus(
            record: self.local, state: .local, isJoined: self.hasJoined, isLeftOut: false, cursor: self.head,
            head: self.head, missed: 0, silence: .zero)
        let others = self.membership.members.values.map { member in
            let stream = self.streams[member.record.id]
            return MemberStatus(
                record: member.record, state: MemberStatus.State(rawValue: member.status.rawValue) ?? .dead,
                isJoined: self.peers[member.record.id]?.isAnnounced ?? false,
                isLeftOut: self.isLeftOut(member.record.id), cursor: stream?.confirmed ?? 0,
                head: stream?.head ?? 0, missed: stream?.missed ?? 0, silence: now - member.lastHeard)
        }
        return [own] + others.sorted { ($0.record.name, $0.record.id) < ($1.record.name, $1.record.id) }
    }
}
