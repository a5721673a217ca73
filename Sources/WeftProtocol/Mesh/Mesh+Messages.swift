// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftValue

extension Mesh {
    /// A control message came.
    public mutating func received(
        _ message: ControlMessage, on link: MeshLink, at now: MonotonicTime
    ) -> [MeshAction] {
        guard !self.hasLeft else { return [] }
        switch link {
        case .inbound(let id, let number):
            if id == self.local.id {
                self.metSelf(number, at: now)
            } else if case .hello(let record, let called) = message {
                self.hello(record, to: called, from: id, on: link, at: now)
            } else {
                self.heard(message, from: id, on: link, at: now)
            }
        case .outbound(let number):
            switch self.links[number] {
            case nil: break  // a late word on a link that was closed
            case .seed(let index): self.heardFromSeed(message, index, at: now)
            case .peer(let id): self.heardOnOwnLink(message, id, link, at: now)
            }
        }
        return self.finish(at: now)
    }

    /// A seed's address leads to this node itself.
    private mutating func metSelf(_ number: UInt32, at now: MonotonicTime) {
        switch self.links[number] {
        case .seed(let index): self.closeSeed(index, .isSelf)
        // Who was there before is gone: an address has one process.
        case .peer(let id): self.replace(id, at: now)
        case nil: break
        }
    }

    private mutating func hello(
        _ record: MemberRecord, to called: NodeID?, from id: NodeID, on link: MeshLink, at now: MonotonicTime
    ) {
        guard self.isWithinBounds(record) else { return }
        guard record.id == id else {
            self.counters.contradictions += 1
            return
        }
        guard VersionRange.current.common(with: record.versions) != nil else {
            return self.refuse(
                .version,
                "\(record.name) speaks wire version \(record.versions), and \(self.local.name) "
                    + "\(VersionRange.current): run versions of Weft that have one in common", on: link)
        }
        if let called, called != self.local.id {
            // A port is soon somebody else's, perhaps of another mesh, which must not become one with the caller's.
            return self.refuse(.elsewhere, "another node listens here now; join it if it is meant", on: link)
        }
        if self.membership[id]?.status == .left {
            return self.refuse(.left, "this node has said goodbye; it can join again with a new id", on: link)
        }
        self.replaceFormerOwners(of: record, at: now)
        self.apply(self.membership.learn(record, silence: .zero, at: now), at: now)
        self.heard(id, at: now)
        guard self.membership[id]?.isLive == true else {
            self.counters.full += 1
            return self.refuse(
                .full, "the mesh has \(self.membership.liveCount + 1) members and takes \(self.configuration.members)",
                on: link)
        }
        self.actions.append(.send(.welcome(self.local, roster: self.roster(at: now)), on: link))
        self.calledAnew(by: id, on: link, at: now)
    }

    /// Who opens its link anew may not have heard this node, whose own link is then not what it seems: it has to be welcomed
    /// again, or is opened anew, too.
    private mutating func calledAnew(by id: NodeID, on link: MeshLink, at now: MonotonicTime) {
        guard case .inbound(_, let number) = link, let peer = self.peers[id], peer.itsLink != number else { return }
        self.peers[id]?.itsLink = number
        guard peer.itsLink != nil, peer.isWelcomed else { return }
        self.peers[id]?.isWelcomed = false
        self.peers[id]?.nextHello = now + MeshDefaults.retryInterval
        self.peers[id]?.nextRedial = now + MeshDefaults.redialInterval
        self.send(.hello(self.local, to: id), to: id)
    }

    private mutating func refuse(_ reason: RejectReason, _ message: String, on link: MeshLink) {
        self.counters.rejected += 1
        self.actions.append(.send(.reject(reason, message: message, versions: .current), on: link))
    }

    /// Only one process can be bound to an address: who had it before is gone.
    private mutating func replaceFormerOwners(of record: MemberRecord, at now: MonotonicTime) {
        for member in self.membership.live
        where member.record.id != record.id
            && (member.record.control == record.control || member.record.publish == record.publish)
        {
            self.replace(member.record.id, at: now)
        }
    }

    private mutating func replace(_ id: NodeID, at now: MonotonicTime) {
        guard self.membership.died(id, at: now) != nil else { return }
        self.rosterChanged = true
        self.bury(id, .replaced)
    }

    private mutating func heardFromSeed(_ message: ControlMessage, _ index: Int, at now: MonotonicTime) {
        switch message {
        case .welcome(let record, let roster):
            guard record.id != self.local.id else { return self.closeSeed(index, .isSelf) }
            self.seeds[index].hasAnswered = true
            self.closeSeed(index, .answered(record.id))
            self.welcomed(by: record, roster, at: now)
        case .reject(let reason, let message, _):
            self.closeSeed(index, .rejected(reason, message))
        default: self.counters.contradictions += 1
        }
    }

    private mutating func heardOnOwnLink(
        _ message: ControlMessage, _ id: NodeID, _ link: MeshLink, at now: MonotonicTime
    ) {
        switch message {
        case .welcome(let record, let roster):
            guard record.id == id else {
                self.counters.contradictions += 1
                return
            }
            self.peers[id]?.isWelcomed = true
            self.peers[id]?.redials = Backoff()
            self.welcomed(by: record, roster, at: now)
        case .reject(.unknown, _, _):
            self.send(.hello(self.local, to: id), to: id)
        case .reject(.elsewhere, _, _):
            // The port has changed hands: the one that was called is gone, and the one that answers is nobody to us.
            if self.membership[id]?.isLive == true { return self.replace(id, at: now) }
            // One that has said goodbye is let go when its stream has ended, and not before that is announced.
            guard self.peers[id]?.goodbye == nil else { return }
            if let number = self.peers.removeValue(forKey: id)?.link { self.close(number) }
        case .reject(.identity, _, _):
            // What it refuses may be allowed later: HELLO is said again until it is taken.
            guard self.peers[id]?.isWelcomed == true else { return }
            self.peers[id]?.isWelcomed = false
            self.peers[id]?.nextHello = now + MeshDefaults.retryInterval
            self.peers[id]?.nextRedial = now + MeshDefaults.redialInterval
        case .reject: self.counters.contradictions += 1
        default: self.heard(message, from: id, on: link, at: now)
        }
    }

    private mutating func welcomed(by record: MemberRecord, _ roster: [RosterEntry], at now: MonotonicTime) {
        guard self.isWithinBounds(record), VersionRange.current.common(with: record.versions) != nil else {
            self.counters.contradictions += 1
            return
        }
        self.replaceFormerOwners(of: record, at: now)
        self.apply(self.membership.learn(record, silence: .zero, at: now), at: now)
        self.heard(record.id, at: now)
        self.merge(roster, at: now)
        if self.membership[record.id]?.isLive == true {
            self.sponsor = self.sponsor ?? record.id
            if case .seeking = self.join { self.join = .confirming }
        }
    }

    // MARK: From members

    private mutating func heard(_ message: ControlMessage, from id: NodeID, on link: MeshLink, at now: MonotonicTime) {
        guard let status = self.membership[id]?.status else {
            self.counters.strangers += 1
            // An answer only to what shows that the sender thinks it is known.
            if case .heartbeat = message { self.refuse(.unknown, "say HELLO first", on: link) }
            return
        }
        guard status != .left else { return }
        if case .goodbye(let head) = message { return self.goodbye(id, head, at: now) }
        self.heard(id, at: now)
        switch message {
        case .probeAck(let nonce):
            guard self.peers[id]?.probe?.nonce == nonce else { return }
            self.peers[id]?.probe = nil
            self.peers[id]?.hearsUs = true
            self.mayBeComplete = true
        case .heartbeat(let head, let cursors, let digest):
            if self.streams[id]?.heartbeat(head: head, isReading: self.isReading) == true {
                self.streamStands(of: id, at: now)
            }
            self.examine(id)
            self.compareCursors(cursors, of: id, at: now)
            self.compare(digest, with: id, at: now)
        case .roster(let entries, let wantsReply):
            self.merge(entries, at: now)
            if wantsReply { self.send(.roster(self.roster(at: now), wantsReply: false), to: id) }
        case .snapshotRequest(let number, let floors):
            self.snapshotWanted(SnapshotTicket(link: link, id: number), floors, at: now)
        case .snapshot(let number, let isReady, let events, let cursors):
            self.snapshot(number, from: id, isReady, events, cursors, at: now)
        case .flush(let sequence):
            if self.streams[id, default: StreamReceiver(origin: id)].wait(for: sequence, on: link) {
                self.counters.flushesForgotten += 1
            }
            self.answerFlushes(of: id)
        // At the same address another process may have taken the place of who was asked.
        case .flushed(_, _, let member?) where member != id: self.counters.contradictions += 1
        case .flushed(let sequence, let missed, _):
            self.confirmed(by: id, sequence, missed)
        case .fetch(let number, let origin, let first, let last):
            self.serve(number, origin, first, last, on: link)
        case .repair(let number, let origin, let from, let isBusy, let batches):
            self.repaired(number, by: id, origin, from: from, isBusy: isBusy, batches, at: now)
        case .ping(let number, let refutation): self.pinged(number, refutation, on: link, at: now)
        case .pong(let number, let member, let refutation, let age):
            self.ponged(number, by: id, member, refutation, age: age, at: now)
        case .pingRequest(let number, let member, let refutation):
            self.pingWanted(number, member, refutation, on: link, at: now)
        case .began(let origin, let sequence): self.began(origin, after: sequence, at: now)
        case .request(let number, let method, let body):
            self.actions.append(.request(from: id, on: link, id: number, method: method, body: body))
        case .reply(let number, let isSuccess, let body):
            self.actions.append(.reply(from: id, id: number, isSuccess: isSuccess, body: body))
        case .hello, .welcome, .reject, .goodbye:
            self.counters.contradictions += 1
        }
    }

    private mutating func goodbye(_ id: NodeID, _ head: UInt64, at now: MonotonicTime) {
        self.apply(self.membership.left(id, at: now), at: now)
        self.settleFlushes(of: id, .left)
        if let confirmed = self.peers[id]?.confirmed, let name = self.membership[id]?.record.name {
            self.farewells[id] = Farewell(name: name, sequence: confirmed.sequence, missed: confirmed.missed)
        }
        guard self.peers[id] != nil else { return }
        self.peers[id]?.goodbye = (head, now + MeshDefaults.goodbyeGrace)
        self.leaving.insert(id)
    }

    // MARK: The roster

    private mutating func isWithinBounds(_ record: MemberRecord) -> Bool {
        if record.isWithinBounds { return true }
        self.counters.recordsTooLarge += 1
        return false
    }

    /// Everyone who lives, as this node tells it.
    func roster(at now: MonotonicTime) -> [RosterEntry] {
        [RosterEntry(record: self.local, silence: 0)]
            + self.membership.live.map {
                RosterEntry(
                    record: $0.record,
                    silence: UInt64(clamping: (now - $0.lastAlive).clampedNanoseconds / 1_000_000))
            }
    }

    mutating func merge(_ entries: [RosterEntry], at now: MonotonicTime) {
        for entry in entries.prefix(self.configuration.members) where self.isWithinBounds(entry.record) {
            let silence = Duration.milliseconds(Int64(clamping: min(entry.silence, UInt64(UInt32.max))))
            // News of a stranger at the address of someone who lives waits until the stranger calls itself.
            let isTaken =
                self.membership[entry.record.id]?.isLive != true
                && self.membership.live.contains {
                    $0.record.control == entry.record.control || $0.record.publish == entry.record.publish
                }
            guard !isTaken, entry.record.control != self.local.control else { continue }
            guard VersionRange.current.common(with: entry.record.versions) != nil else { continue }
            if self.membership[entry.record.id] == nil, entry.record.id != self.local.id, !self.membership.hasRoom {
                self.counters.full += 1
                continue
            }
            self.apply(self.membership.learn(entry.record, silence: silence, at: now), at: now)
            self.apply(self.membership.rumoured(entry.record.id, silence: silence, at: now), at: now)
        }
    }

    /// Rosters that stay different are exchanged.
    private mutating func compare(_ digest: UInt64, with id: NodeID, at now: MonotonicTime) {
        guard digest != self.membership.digest(with: self.localDigest) else {
            self.peers[id]?.differingDigests = 0
            return
        }
        let count = (self.peers[id]?.differingDigests ?? 0) + 1
        self.peers[id]?.differingDigests = count
        guard count > 1 else { return }
        guard self.rostersLeft > 0 else {
            self.counters.rostersPutOff += 1
            return
        }
        self.rostersLeft -= 1
        self.send(.roster(self.roster(at: now), wantsReply: true), to: id)
    }

    // MARK: Probes

    mutating func probed(_ probe: Probe, at now: MonotonicTime) {
        guard probe.subscriber == self.local.id, let member = self.membership[probe.origin], member.status != .left
        else {
            self.counters.strangers += 1
            return
        }
        self.heard(probe.origin, at: now)
        guard self.peers[probe.origin] != nil else { return }
        var stream = self.streams[probe.origin] ?? StreamReceiver(origin: probe.origin)
        let isNew = stream.phase == .waiting
        if isNew, self.hasHistory, self.historyCursors[probe.origin] == nil,
            let told = self.peers[probe.origin]?.toldBeginning, told < probe.head
        {
            stream.probed(head: told, holding: false)
        }
        stream.probed(head: probe.head, holding: isNew && !self.hasHistory)
        // The history that this node got from another member may already reach further than nothing.
        if isNew, self.hasHistory, let cursor = self.historyCursors.removeValue(forKey: probe.origin) {
            stream.resume(after: cursor)
        }
        self.streams[probe.origin] = stream
        if isNew { self.noteBeginning(of: probe.origin, after: probe.head, at: now) }
        self.examine(probe.origin)
        if self.peers[probe.origin]?.heardFrom == nil { self.peers[probe.origin]?.heardFrom = probe.head }
        self.mayBeComplete = true
        self.send(.probeAck(nonce: probe.nonce), to: probe.origin)
        self.answerFlushes(of: probe.origin)
    }
}

extension MemberRecord {
    /// Whether the texts of a record from outside are of a sensible size.
    var isWithinBounds: Bool {
        self.name.utf8.count <= MeshDefaults.nameLength && self.control.utf8.count <= MeshDefaults.nameLength
            && self.publish.utf8.count <= MeshDefaults.nameLength && self.roles.count <= MeshDefaults.roles
            && (self.key?.utf8.count ?? 0) <= MeshDefaults.nameLength
            && self.roles.allSatisfy { $0.name.utf8.count <= MeshDefaults.nameLength }
            && self.extras.recordSize <= MeshDefaults.extrasSize
    }
}

extension [String: Value] {
    /// How many bytes they have as a record's extras.
    package var recordSize: Int {
        guard !self.isEmpty else { return 1 }
        var writer = MessagePackWriter()
        writer.write(.object(self))
        return writer.bytes.count
    }
}
