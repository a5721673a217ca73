// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

extension Mesh {
    /// Time has passed; called every ``MeshDefaults/tickInterval``.
    public mutating func tick(at now: MonotonicTime) -> [MeshAction] {
        guard !self.hasLeft else { return [] }
        if let lastTick = self.lastTick {
            let lateness = (now - lastTick) - MeshDefaults.tickInterval
            if lateness > self.configuration.heartbeatInterval {
                self.membership.excuse(lateness, at: now)
                for id in self.leaving {
                    guard let deadline = self.peers[id]?.goodbye?.deadline else { continue }
                    self.peers[id]?.goodbye?.deadline = deadline + lateness
                }
            }
            if lateness > self.configuration.heartbeatInterval / 2 {
                self.counters.late += 1
                self.health.worsen(at: now)
            }
        }
        self.lastTick = now
        self.health.tick(at: now)
        // Before they are forgotten, should this node have stood still for so long.
        for id in self.leaving { self.wait(forStreamOf: id, at: now) }
        for change in self.membership.tick(patience: self.health.factor, at: now) { self.apply(change, at: now) }
        for change in self.membership.forgetOldest() {
            self.counters.tombstonesForgotten += 1
            self.apply(change, at: now)
        }
        self.forgetOrphans(at: now)
        self.repairBytesLeft = self.configuration.repairBytesPerTick
        self.retrySeeds(at: now)
        self.retryPeers(at: now)
        self.askAboutSuspects(at: now)
        self.countUnconfirmed()
        if now >= self.nextHeartbeat {
            self.nextHeartbeat = max(self.nextHeartbeat + self.configuration.heartbeatInterval, now)
            self.rostersLeft = MeshDefaults.rostersPerInterval
            self.sendHeartbeats()
            self.tellBeginnings(at: now)
        }
        self.askFlushes(at: now)
        return self.finish(at: now)
    }

    /// One that said goodbye is not forgotten before its stream has ended; and what was still on its way when the goodbye came
    /// has had its time.
    private mutating func wait(forStreamOf id: NodeID, at now: MonotonicTime) {
        guard let goodbye = self.peers[id]?.goodbye else { return }
        // While nothing is read, nothing is asked for either.
        if !self.isReading { self.peers[id]?.goodbye?.deadline = max(goodbye.deadline, now) }
        self.membership.linger(id, at: now)
        self.streams[id]?.want(through: goodbye.head)
        self.examine(id)
    }

    private mutating func sendHeartbeats() {
        var cursors: [NodeID: UInt64] = [:]
        for (id, stream) in self.streams where stream.phase == .live { cursors[id] = stream.confirmed }
        let heartbeat = ControlMessage.heartbeat(
            head: self.head, cursors: cursors, digest: self.membership.digest(with: self.localDigest))
        for id in self.livePeers { self.send(heartbeat, to: id) }
    }

    private mutating func retrySeeds(at now: MonotonicTime) {
        if case .failed = self.join { return }
        self.recallSeeds(at: now)
        // Also those that have never answered: behind them may be the other part of a mesh that began in two.
        for index in self.seeds.indices where self.seeds[index].state == .trying {
            if now >= self.seeds[index].nextRedial {
                self.dialSeed(index, at: now)
            } else if now >= self.seeds[index].nextHello, let link = self.seeds[index].link {
                self.seeds[index].nextHello = now + MeshDefaults.retryInterval
                self.actions.append(.send(.hello(self.local), on: .outbound(link)))
            }
        }
    }

    /// Calls the seeds again whose members are gone: whoever takes their place finds the mesh only if the mesh finds it.
    private mutating func recallSeeds(at now: MonotonicTime) {
        // Also while none has been found: the one that answered first may be gone again.
        var isWanted = self.hasJoined
        if case .seeking = self.join { isWanted = true }
        guard isWanted else { return }
        for index in self.seeds.indices {
            guard case .answered(let id) = self.seeds[index].state, self.membership[id]?.isLive != true else {
                continue
            }
            self.seeds[index].state = .trying
            self.seeds[index].redials = Backoff()
            self.seeds[index].nextRedial = now
        }
    }

    private mutating func retryPeers(at now: MonotonicTime) {
        var open: [NodeID] = []
        for (id, peer) in self.peers
        where !peer.isWelcomed || !peer.hearsUs || peer.probe != nil || !self.membership.isLive(id) {
            open.append(id)
        }
        for id in open.sorted() {
            guard let peer = self.peers[id], let member = self.membership[id], peer.goodbye == nil else { continue }
            if member.status == .dead {
                if now >= peer.nextRedial { self.redial(id, at: now) }
                continue
            }
            if !peer.isWelcomed {
                if now >= peer.nextRedial {
                    self.redial(id, at: now)
                } else if now >= peer.nextHello {
                    self.peers[id]?.nextHello = now + MeshDefaults.retryInterval
                    self.send(.hello(self.local, to: id), to: id)
                }
            }
            // Also when its subscription was not seen: the probe reaches only who has subscribed to it.
            let lastProbe = peer.probe?.sentAt
            if lastProbe.map({ now >= $0 + MeshDefaults.retryInterval }) ?? !peer.hearsUs {
                self.sendProbe(to: id, at: now)
            }
        }
    }
}
