// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

// What a node with keys needs of the mesh: who is at the other end of what is opened, and what to do when that changes.
extension Mesh {
    /// Where a link leads.
    public enum LinkTarget: Hashable, Sendable {
        /// To an address of which nothing is known yet.
        case seed
        /// To a member.
        case member(MemberRecord)
    }

    /// Where a link leads; nil when it has been closed meanwhile.
    public func target(of link: UInt32) -> LinkTarget? {
        switch self.links[link] {
        case .seed: .seed
        case .peer(let id): (self.membership[id]?.record).map { .member($0) }
        case nil: nil
        }
    }

    /// The member whose events are heard at an address.
    public func member(publishingAt endpoint: String) -> MemberRecord? {
        let peers = self.peers.filter { $0.value.isListening }.keys
        return peers.compactMap { self.membership[$0]?.record }.first { $0.publish == endpoint }
    }

    /// Whether this node came into the mesh by way of a member, or calls its address to do so.
    public func isSeed(_ member: MemberRecord) -> Bool {
        self.seeds.contains { seed in seed.endpoint == member.control || seed.state == .answered(member.id) }
    }

    /// Those who live as far as this node knows, the suspect ones included.
    public var liveMembers: [MemberRecord] { self.membership.live.map(\.record) }

    /// Says which key this node's sockets prove; before ``start(at:)``.
    public mutating func setKey(_ key: String) {
        self.local.key = key
    }

    /// This node's sockets prove another key from now on.
    public mutating func rotated(to key: String, at now: MonotonicTime) -> [MeshAction] {
        self.local.key = key
        return self.update(at: now)
    }

    /// Nobody can be talked to over a link: the handshake failed for good.
    ///
    /// A node that has joined goes on calling: keys come and go.
    public mutating func refused(
        link: UInt32, _ reason: RejectReason, _ message: String, at now: MonotonicTime
    ) -> [MeshAction] {
        guard case .seed(let index) = self.links[link], !self.hasJoined else { return [] }
        self.closeSeed(index, .rejected(reason, message))
        return self.finish(at: now)
    }

    /// Everything that this node has opened to members is opened anew.
    public mutating func reconnect(at now: MonotonicTime) -> [MeshAction] {
        for id in self.livePeers { self.reconnect(id, at: now) }
        return self.finish(at: now)
    }

    /// A control link to a member takes nothing any more: it is opened anew, though not all the time.
    public mutating func broke(link: UInt32, at now: MonotonicTime) -> [MeshAction] {
        guard case .peer(let id) = self.links[link], let peer = self.peers[id], now >= peer.nextRedial,
            self.membership[id]?.isLive == true
        else { return [] }
        self.redial(id, at: now)
        return self.finish(at: now)
    }

    /// Members who are trusted no longer are gone at once.
    public mutating func revoke(at now: MonotonicTime, where isRevoked: (MemberRecord) -> Bool) -> [MeshAction] {
        for member in self.membership.members.values where isRevoked(member.record) {
            let id = member.record.id
            if self.membership.died(id, at: now) != nil {
                self.rosterChanged = true
                self.bury(id, .revoked)
            } else if let link = self.peers.removeValue(forKey: id)?.link {
                self.close(link)
            }
        }
        return self.finish(at: now)
    }

    /// A member says that it is found elsewhere, or proves another key.
    mutating func followMove(of id: NodeID, at now: MonotonicTime) {
        guard let record = self.membership[id]?.record, self.membership[id]?.isLive == true,
            let dialled = self.peers[id]?.dialled, dialled != DialledAddress(record)
        else { return }
        self.reconnect(id, at: now)
    }

    private mutating func reconnect(_ id: NodeID, at now: MonotonicTime) {
        guard let record = self.membership[id]?.record, let peer = self.peers[id] else { return }
        if peer.isListening, let dialled = peer.dialled {
            self.actions.append(.unsubscribe(endpoint: dialled.publish))
            self.peers[id]?.isListening = false
        }
        self.redial(id, at: now)
        self.listen(to: record)
    }
}

/// What was dialled to reach a member.
struct DialledAddress: Hashable {
    let control: String
    let publish: String
    let key: String?

    init(_ record: MemberRecord) {
        self.control = record.control
        self.publish = record.publish
        self.key = record.key
    }
}
