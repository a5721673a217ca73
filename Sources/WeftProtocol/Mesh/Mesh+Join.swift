// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
import WeftValue

extension Mesh {
    /// Whether new streams need not wait for history: it is there, or there is none.
    var hasHistory: Bool {
        switch self.join {
        case .joined, .failed, .idle: true
        case .seeking, .confirming, .fetching, .settling: false
        }
    }

    /// Goes on with joining as far as it can.
    mutating func advanceJoin(at now: MonotonicTime) {
        switch self.join {
        case .idle, .joined, .failed: return
        case .seeking:
            // Whoever finds this node before it finds a seed has brought it into the mesh.
            if self.livePeers.contains(where: { self.peers[$0]?.isWelcomed == true }) { self.join = .confirming }
            if self.isAlone { return self.conclude(at: now) }
            self.failIfRejected(at: now)
        case .confirming:
            // All that were found are gone: there is no mesh yet, unless this node itself is where it begins.
            if self.membership.liveCount == 0 {
                if self.isOwnSeed { return self.conclude(at: now) }
                self.join = .seeking
            }
        case .settling:
            if self.awaited.isEmpty { return self.conclude(at: now) }
        case .fetching(let member, _, let deadline):
            if self.membership[member]?.isLive != true || now >= deadline {
                self.refusedSnapshots.insert(member)
                self.fetch(at: now)
            }
            return
        }
        if case .confirming = self.join, self.awaited.isEmpty {
            if self.hasCompletePair { return self.fetch(at: now) }
            // Nobody else is to blame where nobody at all can be heard and hears.
            if self.unconfirmed.contains(where: { self.isTriedLongEnough($0.id) }) { self.failUnconfirmed() }
        }
        self.failIfLate(at: now)
    }

    /// Notes for how long members have lived without confirming both directions.
    mutating func countUnconfirmed() {
        for (id, peer) in self.peers where !peer.isComplete && self.membership[id]?.status == .alive {
            self.peers[id]?.unconfirmedFor += MeshDefaults.tickInterval
        }
    }

    /// Whether a member has lived for so long without confirming both directions that it is not waited for.
    func isTriedLongEnough(_ id: NodeID) -> Bool {
        self.peers[id].map { $0.unconfirmedFor >= MeshDefaults.confirmPatience } ?? false
    }

    /// Whether a live member is one that this node has joined, and lives, without: what is emitted does not get there.
    func isLeftOut(_ id: NodeID) -> Bool {
        guard let peer = self.peers[id], !peer.isComplete, self.hasJoined else { return false }
        switch self.membership[id]?.status {
        case .suspect: return true
        case .alive: return peer.isLeftOut || self.isTriedLongEnough(id)
        case .dead, .left, nil: return false
        }
    }

    /// Live members that have not confirmed both directions.
    private var unconfirmed: [MemberRecord] {
        self.membership.live.map(\.record).filter { self.peers[$0.id]?.isComplete != true }
    }

    /// Those of them that are waited for: not the silent ones, and not for ever.
    private var awaited: [MemberRecord] {
        self.unconfirmed.filter { self.membership[$0.id]?.status == .alive && !self.isTriedLongEnough($0.id) }
    }

    private var hasCompletePair: Bool { self.livePeers.contains { self.peers[$0]?.isComplete == true } }

    private var isOwnSeed: Bool { self.seeds.contains { $0.state == .isSelf } }

    /// All seeds lead to this node itself: it is the first.
    private var isAlone: Bool {
        self.seeds.allSatisfy { $0.state == .isSelf } && self.membership.liveCount == 0
    }

    private mutating func failIfRejected(at now: MonotonicTime) {
        guard case .seeking = self.join, !self.seeds.contains(where: { $0.state == .trying }) else { return }
        let reasons = self.seeds.compactMap { seed -> String? in
            if case .rejected(let reason, let message) = seed.state {
                "\(seed.endpoint) (\(reason)): \(message)"
            } else {
                nil
            }
        }
        guard !reasons.isEmpty else { return }
        self.fail(MeshError(.rejected, "not taken in by \(reasons.joined(separator: "; "))"))
    }

    private mutating func failIfLate(at now: MonotonicTime) {
        guard let deadline = self.joinDeadline, now >= deadline else { return }
        switch self.join {
        case .seeking:
            // Every node of a cluster may have the same list of seeds; the first to start finds only itself.
            if self.isOwnSeed { return self.conclude(at: now) }
            let tried = self.seeds.map { seed in
                if case .rejected(let reason, let message) = seed.state {
                    "\(seed.endpoint) (\(reason): \(message))"
                } else {
                    seed.endpoint
                }
            }
            self.fail(
                MeshError(
                    .unreachable,
                    "no member of the mesh answered at \(tried.joined(separator: ", ")): is a node running there, "
                        + "and is that the address it is bound to?"))
        // Who confirms with some of them joins without the others.
        case .confirming: if self.hasCompletePair { self.fetch(at: now) } else { self.failUnconfirmed() }
        case .settling: self.conclude(at: now)
        case .idle, .fetching, .joined, .failed: break
        }
    }

    /// Members have answered, and there is none with which events pass both ways: then it is this node that is not reached.
    private mutating func failUnconfirmed() {
        let unconfirmed = self.unconfirmed
        let names = unconfirmed.prefix(5).map { "\($0.name) (\($0.control))" }
        let others = unconfirmed.count > 5 ? " and \(unconfirmed.count - 5) others" : ""
        let isHeard = unconfirmed.contains { self.peers[$0.id]?.hearsUs == true }
        let hears = unconfirmed.contains { self.peers[$0.id]?.heardFrom != nil }
        let problem =
            switch (hears, isHeard) {
            case (true, false): "none of them reaches this node at \(self.local.control)"
            case (false, true): "none of their events arrive here"
            default: "events do not pass both ways between them and this node (\(self.local.control))"
            }
        self.fail(
            MeshError(
                .unconfirmed,
                "members answered, \(names.joined(separator: ", "))\(others), and \(problem): everyone dials everyone, at the "
                    + "address each says; bind to one that the others can dial (--bind), or say which one leads here "
                    + "(--advertise), and let its port and the three after it through firewalls"))
    }

    private mutating func fail(_ error: MeshError) {
        self.join = .failed
        self.joinDeadline = nil
        for index in self.seeds.indices where self.seeds[index].state == .trying {
            if let link = self.seeds[index].link { self.close(link) }
            self.seeds[index].link = nil
        }
        self.actions.append(.joinFailed(error))
    }

    // MARK: History

    /// Asks the next member for history, or does without.
    private mutating func fetch(at now: MonotonicTime) {
        let candidates = self.livePeers.filter {
            self.peers[$0]?.isComplete == true && !self.refusedSnapshots.contains($0)
        }
        let sponsor = self.sponsor.flatMap { candidates.contains($0) ? $0 : nil }
        guard let member = sponsor ?? candidates.first, self.refusedSnapshots.count < MeshDefaults.snapshotAttempts
        else { return self.settle(at: now) }
        var floors: [NodeID: UInt64] = [:]
        for (id, peer) in self.peers { floors[id] = peer.heardFrom }
        let number = self.random.next()
        self.join = .fetching(
            from: member, id: number, deadline: now + MeshDefaults.snapshotTimeout + MeshDefaults.retryInterval)
        self.send(.snapshotRequest(id: number, floors: floors), to: member)
    }

    mutating func snapshot(
        _ number: UInt64, from id: NodeID, _ isReady: Bool, _ events: [EventRecord], _ cursors: [NodeID: UInt64],
        at now: MonotonicTime
    ) {
        guard case .fetching(let member, let expected, _) = self.join, member == id, expected == number else {
            self.counters.contradictions += 1
            return
        }
        guard isReady else {
            self.refusedSnapshots.insert(id)
            return self.fetch(at: now)
        }
        self.actions.append(.deliver(.history(events.filter { $0.origin != self.local.id })))
        self.historyCursors = cursors.filter { $0.key != self.local.id }
        self.settle(at: now)
    }

    /// Whoever was met while the history was on its way confirms, too, before the node says that it has joined.
    private mutating func settle(at now: MonotonicTime) {
        self.join = .settling
        // One that does not answer within that time is suspect, and nobody waits for it.
        let patience = now + self.configuration.suspectAfter + MeshDefaults.retryInterval
        self.joinDeadline = self.joinDeadline.map { max($0, patience) }
        if self.awaited.isEmpty { self.conclude(at: now) }
    }

    /// The streams go live, after what history there is.
    private mutating func conclude(at now: MonotonicTime) {
        self.join = .joined
        self.joinDeadline = nil
        for member in self.unconfirmed { self.peers[member.id]?.isLeftOut = true }
        for id in self.streams.keys.sorted() {
            guard var stream = self.streams[id], stream.phase == .holding else { continue }
            let room = self.configuration.aheadBytes - self.aheadBytes
            self.take(stream.begin(after: self.historyCursors.removeValue(forKey: id), room: room))
            self.streams[id] = stream
            self.examine(id)
            self.answerFlushes(of: id)
        }
        self.actions.append(.joined)
        self.mayBeComplete = true
        self.announceComplete(at: now)
    }

    mutating func snapshotWanted(_ ticket: SnapshotTicket, _ floors: [NodeID: UInt64], at now: MonotonicTime) {
        // One that asks again no longer waits for the answer to what it asked before.
        if let peer = ticket.link.peer { self.snapshotWaiters.removeAll { $0.ticket.link.peer == peer } }
        guard self.hasJoined, self.snapshotWaiters.count < MeshDefaults.snapshotWaiters else {
            if self.hasJoined { self.counters.snapshotsRefused += 1 }
            let answer = ControlMessage.snapshot(id: ticket.id, isReady: false, events: [], cursors: [:])
            self.actions.append(.send(answer, on: ticket.link))
            return
        }
        self.snapshotWaiters.append((ticket, floors, now + MeshDefaults.snapshotTimeout))
    }

    mutating func answerSnapshotWaiters(at now: MonotonicTime) {
        guard !self.snapshotWaiters.isEmpty else { return }
        var waiting: [(ticket: SnapshotTicket, floors: [NodeID: UInt64], deadline: MonotonicTime)] = []
        for waiter in self.snapshotWaiters {
            let isReady = waiter.floors.allSatisfy { origin, floor in
                // An origin that this node does not hear cannot be waited for.
                guard let stream = self.streams[origin], stream.phase == .live else { return true }
                return stream.confirmed >= floor
            }
            if isReady || now >= waiter.deadline {
                self.actions.append(.takeSnapshot(waiter.ticket))
            } else {
                waiting.append(waiter)
            }
        }
        self.snapshotWaiters = waiting
    }

    /// Answers ``MeshAction/takeSnapshot(_:)``.
    ///
    /// - Parameters:
    ///   - history: The bus's history, taken after `head` was read.
    ///   - head: The last sequence that this node has given an event.
    public mutating func answerSnapshot(
        _ ticket: SnapshotTicket, history: [EventRecord], head: UInt64, at now: MonotonicTime
    ) -> [MeshAction] {
        var cursors = [self.local.id: head]
        for (id, stream) in self.streams where stream.phase == .live { cursors[id] = stream.confirmed }
        // The bus may already have been handed more than what was reported back: history says how much.
        for event in history {
            if let sequence = event.sequence { cursors[event.origin] = max(cursors[event.origin] ?? 0, sequence) }
        }
        self.actions.append(
            .send(.snapshot(id: ticket.id, isReady: true, events: history, cursors: cursors), on: ticket.link))
        return self.finish(at: now)
    }
}
