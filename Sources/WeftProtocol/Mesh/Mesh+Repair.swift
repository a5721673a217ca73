// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

// What is missing in a stream is fetched: from its origin while that lives, else, or when the origin no longer has it,
// from any member that has received it. What nobody holds is a gap.
extension Mesh {
    // MARK: What comes

    /// Takes a batch into its stream and keeps it for others.
    mutating func take(_ batch: EventBatch, of origin: NodeID) {
        let room = self.configuration.aheadBytes - self.aheadBytes - self.heldBytes
        self.take(self.streams[origin, default: StreamReceiver(origin: origin)].receive(batch, room: room))
        if self.streams[origin]?.phase != .waiting { self.keep(batch) }
        self.examine(origin)
    }

    /// Looks whether something is missing in a stream.
    mutating func examine(_ origin: NodeID) {
        if self.streams[origin]?.hole != nil {
            self.broken.insert(origin)
        } else if !self.broken.isEmpty, self.broken.remove(origin) != nil {
            self.repairs[origin] = nil
        }
    }

    /// How far another member has received the streams of those who are gone, or not heard here, is how far this node
    /// can get, too.
    mutating func compareCursors(_ cursors: [NodeID: UInt64], of id: NodeID, at now: MonotonicTime) {
        guard cursors.count <= MeshDefaults.remembered + MeshDefaults.orphans else {
            self.counters.contradictions += 1
            return
        }
        // Who lacked something, and has got it since, is asked again.
        for (origin, repair) in self.repairs where repair.lacking.contains(id) {
            guard !self.claims(id, repair.first, of: origin), cursors[origin] ?? 0 >= repair.first else { continue }
            self.repairs[origin]?.lacking.remove(id)
        }
        self.peers[id]?.cursors = cursors
        for (origin, cursor) in cursors where origin != self.local.id && self.membership[origin]?.status != .alive {
            self.beginAfterHistory(origin, through: cursor, at: now)
            guard let stream = self.streams[origin], stream.received < cursor else { continue }
            self.streams[origin]?.want(through: cursor)
            self.examine(origin)
        }
    }

    /// A late joiner has the stream of an origin that it does not hear itself, and that may be gone, from others.
    ///
    /// It begins where the history ends. Of who is gone that is so only when there is more: or one late joiner would tell the next for
    /// ever.
    private mutating func beginAfterHistory(_ origin: NodeID, through last: UInt64, at now: MonotonicTime) {
        guard self.hasHistory, let cursor = self.historyCursors[origin],
            self.membership[origin]?.status == .suspect || last > cursor
        else { return }
        self.historyCursors[origin] = nil
        self.streams[origin, default: StreamReceiver(origin: origin)].probed(head: cursor, holding: false)
        if self.membership[origin] == nil { self.orphan(origin, at: now) }
    }

    // MARK: Asking

    /// Asks for what is missing, as far as that is possible now.
    mutating func mend(at now: MonotonicTime) {
        guard !self.broken.isEmpty, self.isReading, !self.hasLeft else { return }
        for origin in self.broken.sorted() { self.mend(origin, at: now) }
    }

    private mutating func mend(_ origin: NodeID, at now: MonotonicTime) {
        while let hole = self.streams[origin]?.hole {
            let horizon = self.streams[origin]?.horizon ?? hole.upperBound
            var repair = self.repairs[origin] ?? Repair(first: hole.lowerBound, through: horizon, at: now)
            repair.look(through: horizon, limit: self.configuration.heartbeatInterval * 2, at: now)
            if repair.first != hole.lowerBound { repair = repair.next(first: hole.lowerBound, at: now) }
            if let asked = repair.asked, now >= asked.deadline || self.membership[asked.holder]?.isLive != true {
                self.counters.fetchesUnanswered += 1
                repair.stopWaiting()
                // One that was asked on the off-chance is not waited for.
                if asked.holder != origin, !self.claims(asked.holder, asked.first, of: origin) {
                    repair.lacking.insert(asked.holder)
                }
            }
            self.repairs[origin] = repair
            guard repair.asked == nil, now >= repair.nextTry else { return }
            if let holder = self.holder(of: hole, in: origin, repair, at: now) {
                guard self.repairs.values.count(where: { $0.asked != nil }) < MeshDefaults.repairsInFlight else {
                    self.counters.fetchesDelayed += 1
                    return
                }
                let number = self.random.next()
                self.repairs[origin]?.asked = Repair.Question(
                    number: number, first: hole.lowerBound, holder: holder, askedAt: now,
                    deadline: now + repair.patience)
                self.counters.fetches += 1
                self.send(
                    .fetch(id: number, origin: origin, first: hole.lowerBound, last: hole.upperBound), to: holder)
                return
            }
            guard self.isHopeless(origin, repair, at: now) else { return }
            self.giveUp(origin, through: hole.upperBound)
        }
        self.examine(origin)
    }

    /// Whether somebody has been asked, or can be, for what is missing first in a stream.
    func isBeingRepaired(_ origin: NodeID, at now: MonotonicTime) -> Bool {
        guard let hole = self.streams[origin]?.hole else { return false }
        // Not looked for yet.
        guard self.isReading, let repair = self.repairs[origin], repair.first == hole.lowerBound else { return true }
        return repair.asked != nil || self.holder(of: hole, in: origin, repair, at: now) != nil
    }

    /// Whether a member says that it has received an event.
    private func claims(_ id: NodeID, _ sequence: UInt64, of origin: NodeID) -> Bool {
        (self.peers[id]?.cursors[origin] ?? 0) >= sequence
    }

    /// Who is asked next: the origin, else a member that has received the first missing event, rather not the one that
    /// has just failed to answer; before anything is given up anyone, who may hold what lies beyond a hole of its own.
    private func holder(
        of hole: ClosedRange<UInt64>, in origin: NodeID, _ repair: Repair, at now: MonotonicTime
    ) -> NodeID? {
        func mayAsk(_ id: NodeID) -> Bool {
            self.membership[id]?.isLive == true && self.peers[id]?.goodbye == nil && !repair.lacking.contains(id)
        }
        var candidates: [NodeID] = mayAsk(origin) && self.peers[origin] != nil ? [origin] : []
        // Not always the same one for everybody.
        let known = self.peers.keys.filter { $0 != origin && mayAsk($0) }.sorted()
        var others = known.filter { self.claims($0, hole.lowerBound, of: origin) }
        if candidates.isEmpty, others.isEmpty,
            now - repair.since >= self.configuration.heartbeatInterval * 2 || self.peers[origin]?.goodbye != nil
        {
            others = known
        }
        let start = others.isEmpty ? 0 : Int(self.local.id.bytes[15]) % others.count
        candidates += others[start...] + others[..<start]
        if self.membership[origin]?.status == .suspect, candidates.count > 1, candidates[0] == origin {
            candidates.append(candidates.removeFirst())
        }
        return candidates.first { $0 != repair.unanswered } ?? candidates.first
    }

    /// Whether nobody will be found any more who holds what is missing.
    private func isHopeless(_ origin: NodeID, _ repair: Repair, at now: MonotonicTime) -> Bool {
        let waited = now - repair.since
        // The others have said since how far they are, or there are none.
        let isKnown =
            waited >= self.configuration.heartbeatInterval * 2
            || self.livePeers.allSatisfy { $0 == origin || repair.lacking.contains($0) }
        // One that said goodbye has its own time, see settleGoodbyes.
        guard self.peers[origin]?.goodbye == nil else { return false }
        guard self.membership[origin]?.status == .dead, self.peers[origin] != nil,
            !repair.lacking.contains(origin)
        else { return isKnown }
        // Once, and not for each hole.
        return isKnown && now - repair.brokenSince >= MeshDefaults.repairPatience
    }

    mutating func giveUp(_ origin: NodeID, through last: UInt64) {
        guard var stream = self.streams[origin] else { return }
        self.take(stream.giveUp(through: last))
        self.streams[origin] = stream
        self.repairs[origin]?.first = 0
        self.repairs[origin]?.asked = nil
        self.examine(origin)
    }

    // MARK: Answers

    mutating func repaired(
        _ number: UInt64, by id: NodeID, _ origin: NodeID, from: UInt64, isBusy: Bool,
        _ batches: [ArraySlice<UInt8>], at now: MonotonicTime
    ) {
        // Also one that is late: over a slow link all are, and without them nothing would come nearer.
        guard let asked = self.repairs[origin]?.answered(number, by: id, at: now) else {
            // The hole has been closed since, or nothing was asked.
            self.counters.contradictions += 1
            return
        }
        if isBusy {
            self.repairs[origin]?.nextTry = now + MeshDefaults.tickInterval
            return
        }
        let first = asked.first
        var count: UInt64 = 0
        for frame in batches {
            guard let batch = try? EventBatch(decoding: frame), batch.origin == origin else {
                self.counters.contradictions += 1
                break
            }
            let before = self.streams[origin]?.received ?? 0
            self.take(batch, of: origin)
            let after = self.streams[origin]?.received ?? 0
            if after > before { count += min(after, batch.last) - before }
        }
        let received = self.streams[origin]?.received ?? 0
        if id == origin {
            self.counters.repairedByOrigin += count
        } else {
            self.counters.repairedByOthers += count
        }
        // No answer with which nothing comes nearer is asked for twice.
        if self.repairs[origin]?.first == first, from != first || received < first {
            self.repairs[origin]?.lacking.insert(id)
        }
    }

    /// Answers a fetch from the windows.
    mutating func serve(_ number: UInt64, _ origin: NodeID, _ first: UInt64, _ last: UInt64, on link: MeshLink) {
        guard first > 0, first <= last else {
            self.counters.contradictions += 1
            return
        }
        var answer = ControlMessage.repair(id: number, origin: origin, from: 0, isBusy: true, batches: [])
        if self.repairBytesLeft > 0 {
            let (from, batches) = self.windows.read(origin, first...last, limit: MeshDefaults.repairBytes)
            self.repairBytesLeft -= batches.reduce(0) { $0 + $1.byteCount }
            self.counters.fetchesServed += 1
            answer = .repair(id: number, origin: origin, from: from, isBusy: false, batches: batches.map(\.frame))
        } else {
            self.counters.fetchesPutOff += 1
        }
        self.actions.append(.send(answer, on: link))
    }
}
