// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

// A node that waits for the slowest lets nothing leave its window that a joined peer has not confirmed: whatever becomes of
// the connections between them, what a peer missed can still be fetched.
extension Mesh {
    /// Whether a batch of the own stream may go out now, for a node that waits for the slowest; for others it always may.
    ///
    /// A peer that does not get any further for as long as a silent one is waited for is left behind, until it has caught up.
    ///
    /// - Parameter byteCount: The size of the batch.
    /// - Returns: Also what is to be done to learn how far the others are.
    public mutating func mayPublish(_ byteCount: Int, at now: MonotonicTime) -> (Bool, [MeshAction]) {
        guard self.configuration.waitsForSlowest else { return (true, []) }
        self.unaskedBytes += byteCount
        let (bytes, end) = self.windows.ownFilling(with: byteCount)
        guard bytes > self.configuration.replayWindow / 2 else { return (true, []) }
        self.askHowFar()
        guard let end else { return (true, self.finish(at: now)) }
        // Of all, so that each one's patience begins when it is first behind.
        let slow = self.livePeers.filter { self.isWaitedFor($0, through: end, at: now) }
        return (slow.isEmpty, self.finish(at: now))
    }

    /// Asks now and then, so that the answers come before they are needed; heartbeats are for when one gets lost.
    private mutating func askHowFar() {
        guard self.unaskedBytes >= self.configuration.replayWindow / 8 else { return }
        self.unaskedBytes = 0
        for id in self.livePeers where self.peers[id]?.isAnnounced == true {
            self.send(.flush(through: self.head), to: id)
        }
    }

    private mutating func isWaitedFor(_ id: NodeID, through sequence: UInt64, at now: MonotonicTime) -> Bool {
        guard var peer = self.peers[id], peer.isAnnounced, peer.goodbye == nil else { return false }
        let cursor = max(peer.confirmed?.sequence ?? 0, peer.cursors[self.local.id] ?? 0)
        defer { self.peers[id] = peer }
        guard cursor < sequence else {
            peer.lag = nil
            return false
        }
        guard let lag = peer.lag else {
            peer.lag = PeerState.Lag(cursor: cursor, since: now)
            return true
        }
        if lag.isLeftBehind { return false }
        if lag.cursor != cursor { peer.lag = PeerState.Lag(cursor: cursor, since: now) }
        guard lag.cursor == cursor, now - lag.since >= self.configuration.deadAfter else { return true }
        peer.lag?.isLeftBehind = true
        self.counters.slowestLeftBehind += 1
        return false
    }
}
