// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

extension Mesh {
    mutating func open(_ purpose: LinkPurpose, to endpoint: String) -> UInt32 {
        self.lastLink &+= 1
        self.links[self.lastLink] = purpose
        self.actions.append(.open(link: self.lastLink, endpoint: endpoint))
        return self.lastLink
    }

    mutating func close(_ link: UInt32) {
        guard self.links.removeValue(forKey: link) != nil else { return }
        self.actions.append(.close(link: link))
    }

    /// Opens the link to a seed, anew if there was one.
    mutating func dialSeed(_ index: Int, at now: MonotonicTime) {
        if let link = self.seeds[index].link { self.close(link) }
        let link = self.open(.seed(index), to: self.seeds[index].endpoint)
        self.seeds[index].link = link
        self.seeds[index].nextHello = now + MeshDefaults.retryInterval
        self.seeds[index].nextRedial = now + self.seeds[index].redials.next(using: &self.random)
        self.actions.append(.send(.hello(self.local), on: .outbound(link)))
    }

    mutating func closeSeed(_ index: Int, _ state: Seed.State) {
        self.seeds[index].state = state
        if let link = self.seeds[index].link { self.close(link) }
        self.seeds[index].link = nil
    }

    /// Connects to a member that has just become known.
    mutating func meet(_ record: MemberRecord, at now: MonotonicTime) {
        let link = self.open(.peer(record.id), to: record.control)
        var peer = PeerState(link: link, nextHello: now + MeshDefaults.retryInterval, nextRedial: now)
        peer.nextRedial = now + peer.redials.next(using: &self.random)
        peer.dialled = DialledAddress(record)
        peer.isSubscribed = self.strangers.remove(record.id) != nil
        self.peers[record.id] = peer
        self.send(.hello(self.local, to: record.id), to: record.id)
        self.listen(to: record)
        if peer.isSubscribed { self.sendProbe(to: record.id, at: now) }
    }

    mutating func listen(to record: MemberRecord) {
        guard self.peers[record.id]?.isListening == false else { return }
        self.peers[record.id]?.isListening = true
        self.peers[record.id]?.dialled = DialledAddress(record)
        self.actions.append(.subscribe(endpoint: record.publish))
    }

    mutating func stopListening(to record: MemberRecord) {
        guard self.peers[record.id]?.isListening == true else { return }
        self.peers[record.id]?.isListening = false
        // Whoever has the address now is heard over the same connection: closing it would silence that one.
        let isTaken = self.peers.contains { id, peer in
            peer.isListening && self.membership[id]?.record.publish == record.publish
        }
        guard !isTaken else { return }
        self.actions.append(.unsubscribe(endpoint: record.publish))
    }

    /// Opens the control link to a member anew, which drops what has queued up in it, and the connection to its events
    /// if it is silent there, too.
    mutating func redial(_ id: NodeID, at now: MonotonicTime) {
        guard let member = self.membership[id], var peer = self.peers[id] else { return }
        self.counters.redialled += 1
        self.close(peer.link)
        for origin in self.repairs.keys { self.repairs[origin]?.lostLink(to: id) }
        peer.link = self.open(.peer(id), to: member.record.control)
        peer.isWelcomed = false
        peer.nextHello = now + MeshDefaults.retryInterval
        peer.nextRedial = now + peer.redials.next(using: &self.random)
        self.peers[id] = peer
        self.send(.hello(self.local, to: id), to: id)
        if member.status == .suspect { self.resubscribe(to: member.record) }
    }

    /// Connects to a member's events anew: the old connection may be one that only this side believes in.
    mutating func resubscribe(to record: MemberRecord) {
        guard self.peers[record.id]?.isListening == true else { return }
        self.stopListening(to: record)
        self.listen(to: record)
    }

    /// A member says that its stream has gone on, and nothing comes although this node reads: it is asked for what is
    /// missing, and the connection, which may be dead without anyone having noticed, is made anew.
    mutating func streamStands(of id: NodeID, at now: MonotonicTime) {
        guard let record = self.membership[id]?.record, let peer = self.peers[id], now >= peer.nextResubscription
        else { return }
        self.counters.redialled += 1
        self.peers[id]?.nextResubscription = now + MeshDefaults.resubscribeInterval
        self.resubscribe(to: record)
    }

    /// Ends everything with a member.
    mutating func part(from id: NodeID) {
        if let record = self.membership[id]?.record { self.stopListening(to: record) }
        if let link = self.peers.removeValue(forKey: id)?.link { self.close(link) }
        self.leaving.remove(id)
        self.repairs[id] = nil
        self.broken.remove(id)
    }

    mutating func sendProbe(to id: NodeID, at now: MonotonicTime) {
        let nonce = self.random.next()
        self.peers[id]?.probe = (nonce, now)
        self.actions.append(
            .publish(Probe(subscriber: id, origin: self.local.id, nonce: nonce, head: self.head)))
    }

    // MARK: Changes of the membership

    mutating func heard(_ id: NodeID, at now: MonotonicTime) {
        self.apply(self.membership.heard(id, at: now), at: now)
    }

    mutating func apply(_ change: Membership.Change?, at now: MonotonicTime) {
        guard let change else { return }
        self.rosterChanged = true
        self.mayBeComplete = true
        switch change {
        case .appeared(let id):
            if let record = self.membership[id]?.record { self.meet(record, at: now) }
        case .updated(let id): self.followMove(of: id, at: now)
        case .recovered(let id):
            self.peers[id]?.redials = Backoff()
            self.peers[id]?.suspicion = nil
        case .suspected(let id):
            self.counters.suspected += 1
            self.redial(id, at: now)
        case .returned(let id): self.welcomeBack(id, at: now)
        case .revived(let id):
            self.counters.revived += 1
            self.welcomeBack(id, at: now)
        case .died(let id): self.bury(id, .dead)
        case .left: break
        case .forgotten(let id):
            self.farewells[id] = nil
            self.part(from: id)
            // Until now others could have what they missed.
            if self.orphans[id] == nil { self.forgetStream(of: id) }
        }
    }

    /// A dead member speaks: the streams go on where they were, and both sides confirm anew.
    private mutating func welcomeBack(_ id: NodeID, at now: MonotonicTime) {
        guard let record = self.membership[id]?.record else { return }
        if self.peers[id] == nil { return self.meet(record, at: now) }
        self.peers[id]?.redials = Backoff()
        self.peers[id]?.suspicion = nil
        self.redial(id, at: now)
        self.listen(to: record)
        if self.peers[id]?.isSubscribed == true { self.sendProbe(to: id, at: now) }
    }

    mutating func bury(_ id: NodeID, _ reason: DepartureReason) {
        guard let record = self.membership[id]?.record else { return }
        self.counters.died += 1
        self.settleFlushes(of: id, .dead)
        if self.peers[id]?.isAnnounced == true { self.actions.append(.deliver(.left(record, reason))) }
        self.stopListening(to: record)
        self.peers[id]?.isAnnounced = false
        self.peers[id]?.hearsUs = false
        self.peers[id]?.heardFrom = nil
        self.peers[id]?.probe = nil
        self.peers[id]?.suspicion = nil
        // The newest dead are called again for a while; for the others their own call is enough.
        let dead = self.peers.keys.filter { self.membership[$0]?.status == .dead }
        let isFinal = reason == .replaced || reason == .revoked
        if !isFinal, dead.count > MeshDefaults.redialledDead { self.counters.deadNotCalled += 1 }
        if isFinal || dead.count > MeshDefaults.redialledDead {
            if let link = self.peers.removeValue(forKey: id)?.link { self.close(link) }
        }
    }

    /// The end of the stream of who said goodbye: it has come, or it will not.
    mutating func settleGoodbyes(at now: MonotonicTime) {
        guard !self.leaving.isEmpty else { return }
        for id in self.leaving.sorted() {
            guard let peer = self.peers[id], let goodbye = peer.goodbye, let record = self.membership[id]?.record else {
                continue
            }
            if peer.heardFrom != nil, let stream = self.streams[id], stream.received < goodbye.head {
                guard now >= goodbye.deadline else { continue }
                // As long as somebody may answer, and one hole after the other: what nobody holds says nothing of the next.
                let isOver = now >= goodbye.deadline + MeshDefaults.farewellPatience
                guard isOver || !self.isBeingRepaired(id, at: now) else { continue }
                let hole = isOver ? nil : stream.hole
                self.giveUp(id, through: min(hole?.upperBound ?? goodbye.head, goodbye.head))
                guard self.streams[id]?.received ?? 0 >= goodbye.head else { continue }
            }
            if peer.isAnnounced { self.actions.append(.deliver(.left(record, .left))) }
            self.part(from: id)
            // Who is cut off now, and misses the goodbye, misses the end of the stream as well; here it may come later, from others.
            if goodbye.head > 0 { self.orphan(id, at: now) }
        }
    }

    mutating func announceComplete(at now: MonotonicTime) {
        guard self.mayBeComplete, case .joined = self.join else { return }
        self.mayBeComplete = false
        for id in self.livePeers {
            guard let peer = self.peers[id], peer.isComplete, !peer.isAnnounced, peer.goodbye == nil,
                let record = self.membership[id]?.record
            else { continue }
            self.peers[id]?.isAnnounced = true
            self.peers[id]?.announcedAt = now
            self.peers[id]?.isLeftOut = false
            self.peers[id]?.unconfirmedFor = .zero
            self.rosterChanged = true
            self.actions.append(.deliver(.joined(record)))
        }
    }
}
