// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

// A member that is not heard here may well be heard by others. Before suspicion turns into death they are asked to ping it,
// and what it answers comes back with them: its refutation, a counter that only it raises, and only when it is doubted. So
// a defence is never older than the doubt, however many members have passed it on.
extension Mesh {
    /// Asks others about those that are suspect.
    mutating func askAboutSuspects(at now: MonotonicTime) {
        for (number, ping) in self.forwardedPings where now >= ping.deadline { self.forwardedPings[number] = nil }
        for member in self.membership.suspects {
            let id = member.record.id
            guard var peer = self.peers[id], peer.goodbye == nil else { continue }
            var suspicion =
                peer.suspicion
                ?? Suspicion(number: self.random.next(), refutation: member.record.refutation, nextAsk: now)
            if now >= suspicion.nextAsk {
                suspicion.nextAsk = now + MeshDefaults.pingInterval
                for helper in self.helpers(besides: id) {
                    self.send(
                        .pingRequest(id: suspicion.number, member: id, refutation: suspicion.refutation), to: helper)
                }
            }
            peer.suspicion = suspicion
            self.peers[id] = peer
        }
    }

    /// Some of those that are heard, others each time.
    private mutating func helpers(besides id: NodeID) -> [NodeID] {
        let alive = self.livePeers.filter {
            $0 != id && self.membership[$0]?.status == .alive && self.peers[$0]?.goodbye == nil
        }
        return Array(alive.shuffled(using: &self.random).prefix(MeshDefaults.pingHelpers))
    }

    /// Somebody does not hear a member, and asks this node about it.
    mutating func pingWanted(
        _ number: UInt64, _ id: NodeID, _ refutation: UInt64, on link: MeshLink, at now: MonotonicTime
    ) {
        if id == self.local.id { return self.pinged(number, refutation, on: link, at: now) }
        guard let member = self.membership[id], member.isLive else { return }
        let age = now - member.lastAlive
        if member.record.refutation > refutation, age < self.configuration.suspectAfter {
            // It has already defended itself, be it against somebody else.
            let milliseconds = UInt64(clamping: age.clampedNanoseconds / 1_000_000)
            let answer = ControlMessage.pong(
                id: number, member: id, refutation: member.record.refutation, age: milliseconds)
            return self.actions.append(.send(answer, on: link))
        }
        guard self.forwardedPings.count < MeshDefaults.pingsForOthers else {
            self.counters.pingsRefused += 1
            return
        }
        let own = self.random.next()
        self.forwardedPings[own] = ForwardedPing(
            member: id, link: link, number: number, deadline: now + self.configuration.suspectAfter)
        self.send(.ping(id: own, refutation: refutation), to: id)
    }

    /// Somebody doubts that this node lives.
    mutating func pinged(_ number: UInt64, _ refutation: UInt64, on link: MeshLink, at now: MonotonicTime) {
        guard refutation <= self.local.refutation else {
            // Nobody else raises it.
            self.counters.contradictions += 1
            return
        }
        if refutation == self.local.refutation {
            self.local.refutation += 1
            self.counters.refuted += 1
            // What others don't hear may be what this node has been too late to say.
            self.health.worsen(at: now)
        }
        let answer = ControlMessage.pong(id: number, member: self.local.id, refutation: self.local.refutation, age: 0)
        self.actions.append(.send(answer, on: link))
    }

    mutating func ponged(
        _ number: UInt64, by id: NodeID, _ member: NodeID, _ refutation: UInt64, age: UInt64, at now: MonotonicTime
    ) {
        if member == id, let ping = self.forwardedPings.removeValue(forKey: number), ping.member == id {
            self.apply(self.membership.rumoured(id, silence: .zero, refutation: refutation, at: now), at: now)
            let answer = ControlMessage.pong(id: ping.number, member: id, refutation: refutation, age: 0)
            return self.actions.append(.send(answer, on: ping.link))
        }
        // By now it may have spoken itself, or another has answered for it.
        guard let suspicion = self.peers[member]?.suspicion, suspicion.number == number,
            refutation > suspicion.refutation
        else { return }
        self.counters.vouched += 1
        self.peers[member]?.suspicion = Suspicion(
            number: self.random.next(), refutation: refutation, nextAsk: suspicion.nextAsk)
        let silence = Duration.milliseconds(Int64(clamping: min(age, UInt64(UInt32.max))))
        self.apply(
            self.membership.rumoured(member, silence: silence, refutation: refutation, at: now), at: now)
    }
}
