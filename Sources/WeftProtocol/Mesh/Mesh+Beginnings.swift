// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

// A stream is due to all who are joined and live when its origin's first peer confirms. Who stood still just then is not waited
// for, may never meet an origin that is gone again soon, and would know of nothing: those who heard the stream begin tell it.
extension Mesh {
    /// Where a stream began.
    struct Beginning {
        let after: UInt64
        let time: MonotonicTime
    }

    /// An origin's own first probe has come.
    mutating func noteBeginning(of origin: NodeID, after head: UInt64, at now: MonotonicTime) {
        guard self.hasJoined else { return }
        self.beginnings[origin] = Beginning(after: head, time: now)
    }

    /// Tells those who were there before a stream began, and don't hear it, where it did.
    mutating func tellBeginnings(at now: MonotonicTime) {
        guard !self.beginnings.isEmpty else { return }
        self.beginnings = self.beginnings.filter { now - $0.value.time < MeshDefaults.beginningTime }
        for (origin, beginning) in self.beginnings.sorted(by: { $0.key < $1.key })
        where now - beginning.time >= self.configuration.heartbeatInterval * 2 {
            for id in self.livePeers where id != origin {
                guard let peer = self.peers[id], let joinedAt = peer.announcedAt, peer.isAnnounced,
                    joinedAt < beginning.time, peer.cursors[origin] == nil
                else { continue }
                self.send(.began(origin: origin, after: beginning.after), to: id)
            }
        }
    }

    /// A stream that this node does not hear has begun while it was a member.
    mutating func began(_ origin: NodeID, after sequence: UInt64, at now: MonotonicTime) {
        // Where the history reaches, the stream goes on from there.
        guard self.hasJoined, origin != self.local.id, self.historyCursors[origin] == nil,
            self.streams[origin]?.phase ?? .waiting == .waiting
        else { return }
        if self.membership.isLive(origin) {
            // It says itself how far it is by now, and nobody else makes that more.
            let told = self.peers[origin]?.toldBeginning ?? sequence
            self.peers[origin]?.toldBeginning = min(told, sequence)
            return
        }
        guard self.membership[origin] != nil || self.orphans.count < MeshDefaults.orphans else {
            self.counters.orphansForgotten += 1
            return
        }
        self.streams[origin, default: StreamReceiver(origin: origin)].probed(head: sequence, holding: false)
        self.orphan(origin, at: now)
    }
}
