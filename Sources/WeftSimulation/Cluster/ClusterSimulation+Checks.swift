// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol

/// What must hold whenever something is delivered, said or believed.
extension ClusterSimulation {
    /// How long two nodes must have been out of trouble before what one holds may not be missed by the other: a dead one is called again
    /// every 10 s.
    static let calm: UInt64 = 15_000_000
    /// How far a node that is out of trouble may be behind, in checks.
    static let lag = 10

    // MARK: - Deliveries

    /// E2 and E4: every event of a stream once and in order, what is missing announced, nothing twice.
    mutating func check(_ delivery: MeshDelivery, at peer: Int) throws {
        switch delivery {
        case .events(let batch, let after):
            guard let origin = self.indices[batch.origin], origin != peer else {
                throw SimulationViolation("\(self.name(peer)) was handed its own events, or a stranger's")
            }
            guard batch.last <= self.peers[origin].head else {
                throw SimulationViolation(
                    "\(self.name(peer)) was handed event \(batch.last) of \(self.name(origin)), which has emitted \(self.peers[origin].head)"
                )
            }
            try self.advance(peer, origin, from: after, to: batch.last, "events")
            self.report.delivered += Int(clamping: batch.last - after)
            self.note("\(self.name(peer)) delivers \(after + 1)…\(batch.last) of \(self.name(origin))")
        case .gap(let id, let first, let last):
            guard let origin = self.indices[id], origin != peer, first <= last, last <= self.peers[origin].head else {
                throw SimulationViolation("\(self.name(peer)) announced a gap that cannot be: \(first)…\(last)")
            }
            self.note("\(self.name(peer)) announces the gap \(first)…\(last) of \(self.name(origin))")
            self.report.gaps += 1
            try self.advance(peer, origin, from: first - 1, to: last, "a gap")
            try self.checkGap(first...last, of: origin, at: peer)
            self.peers[peer].views[origin]?.missed += last - first + 1
            self.peers[peer].views[origin]?.gaps.append(first...last)
        case .history(let records): try self.checkHistory(records, at: peer)
        case .joined(let record):
            guard let other = self.indices[record.id] else { return }
            self.note("\(self.name(peer)) says that \(self.name(other)) has joined")
            guard self.peers[peer].announced.insert(other).inserted else {
                throw SimulationViolation("\(self.name(peer)) said twice that \(self.name(other)) has joined")
            }
            self.peers[peer].promised[other] = self.peers[peer].promised[other] ?? self.peers[peer].head
            try self.checkPromise(of: peer, to: other)
        case .left(let record, let reason):
            guard let other = self.indices[record.id] else { return }
            self.note("\(self.name(peer)) says that \(self.name(other)) is gone: \(reason)")
            guard self.peers[peer].announced.remove(other) != nil else {
                throw SimulationViolation(
                    "\(self.name(peer)) said that \(self.name(other)) is gone, which was not there")
            }
            try self.checkFarewell(of: other, reason, at: peer)
        }
    }

    /// E2: of who says goodbye everything has come, or has been announced as missed.
    private func checkFarewell(of other: Int, _ reason: DepartureReason, at peer: Int) throws {
        guard reason == .left, let position = self.peers[peer].mesh.position(in: self.peers[other].id), position.isLive
        else { return }
        guard position.received == self.peers[other].head else {
            throw SimulationViolation(
                "\(self.name(peer)) let \(self.name(other)) go at \(position.received) of \(self.peers[other].head)")
        }
    }

    func view(of peer: Int, in origin: Int) -> SimulatedPeer.View? {
        origin < self.peers[peer].views.count ? self.peers[peer].views[origin] : nil
    }

    /// How far a node's bus has a stream of its own, nil for none.
    private func received(by peer: Int, of origin: Int) -> UInt64? {
        self.view(of: peer, in: origin)?.handed
            ?? self.peers[peer].mesh.position(in: self.peers[origin].id)?.confirmed
    }

    /// How far a node's bus has a stream, by what came or, where nothing has, by what its history brought.
    private func handed(to peer: Int, of origin: Int) -> UInt64? {
        let last = self.peers[peer].historyLasts[origin]
        guard let handed = self.received(by: peer, of: origin) else { return last }
        return max(handed, last ?? 0)
    }

    private mutating func advance(
        _ peer: Int, _ origin: Int, from: UInt64, to: UInt64, _ what: String
    ) throws {
        while self.peers[peer].views.count <= origin { self.peers[peer].views.append(nil) }
        if let view = self.peers[peer].views[origin] {
            guard from == view.position, to > from else {
                throw SimulationViolation(
                    "\(self.name(peer)) was at \(view.position) of \(self.name(origin)) and was handed \(what) \(from + 1)…\(to)"
                )
            }
        } else {
            try self.checkStart(peer, origin, from)
            self.peers[peer].views[origin] = .init(start: from, position: from, handed: from)
        }
        self.peers[peer].views[origin]?.position = to
    }

    /// E3 and E4: where a stream begins.
    private func checkStart(_ peer: Int, _ origin: Int, _ start: UInt64) throws {
        if let cursor = self.peers[peer].historyCursors[origin] {
            let last = self.peers[peer].historyLasts[origin] ?? 0
            guard start <= cursor else {
                throw SimulationViolation(
                    "the history of \(self.name(peer)) was taken at \(cursor) of \(self.name(origin)), and the stream begins after \(start): a hole"
                )
            }
            guard start >= last else {
                throw SimulationViolation(
                    "the history of \(self.name(peer)) ends with \(last) of \(self.name(origin)), and the stream begins after \(start): an overlap"
                )
            }
            return
        }
        // Somebody who heard it begin has said where.
        if self.peers[peer].told[origin]?.contains(start) == true { return }
        guard let probe = self.peers[peer].firstProbes[origin], start <= probe else {
            throw SimulationViolation(
                "\(self.name(peer)) hears \(self.name(origin)) from \(start + 1) on, later than the first probe says")
        }
        if let promised = self.peers[origin].promised[peer], start > promised {
            throw SimulationViolation(
                "\(self.name(origin)) said at \(promised) that \(self.name(peer)) hears it, which begins after \(start)"
            )
        }
    }

    /// E3: who is said to have joined hears whoever says so.
    private func checkPromise(of peer: Int, to other: Int) throws {
        guard let position = self.peers[other].mesh.position(in: self.peers[peer].id) else {
            throw SimulationViolation(
                "\(self.name(peer)) says that \(self.name(other)) has joined, which does not hear it")
        }
        guard position.received <= self.peers[peer].head else {
            throw SimulationViolation(
                "\(self.name(other)) is at \(position.received) of \(self.name(peer)), which has emitted \(self.peers[peer].head)"
            )
        }
    }

    /// E3: when joining ends, every member known hears and is heard.
    func checkJoined(_ peer: Int) throws {
        for member in self.peers[peer].mesh.members(at: self.now(peer)) where member.state == .alive {
            guard let other = self.indices[member.record.id] else { continue }
            // It joins without those that it has not reached for long, and only where something was wrong.
            if member.isLeftOut, !self.peers[other].isUp || !self.isCalm(peer, other) { continue }
            guard self.peers[peer].mesh.isComplete(member.record.id) else {
                throw SimulationViolation(
                    "\(self.name(peer)) has joined, and \(self.name(other)) has not confirmed both directions")
            }
            guard self.peers[other].mesh.position(in: self.peers[peer].id) != nil else {
                throw SimulationViolation("\(self.name(peer)) has joined, and \(self.name(other)) does not hear it")
            }
        }
    }

    /// E2: only what nobody holds who could be asked is given up.
    private func checkGap(_ run: ClosedRange<UInt64>, of origin: Int, at peer: Int) throws {
        let id = self.peers[origin].id
        for holder in self.seats.compactMap({ $0 }) where holder != peer {
            guard self.peers[holder].hasJoined, self.isCalm(peer, holder),
                self.peers[holder].mesh.holds(run.lowerBound, of: id)
            else { continue }
            throw SimulationViolation(
                "\(self.name(peer)) gave up \(run.lowerBound)…\(run.upperBound) of \(self.name(origin)), which \(self.name(holder)) holds"
            )
        }
    }

    func isCalm(_ one: Int, _ other: Int, for time: UInt64 = Self.calm) -> Bool {
        self.troubledUntil(self.peers[one].seat, self.peers[other].seat) + time <= self.time
    }

    // MARK: - History

    /// What a node's bus had when it answered a late joiner: the joiner's streams go on from there.
    mutating func rememberSnapshot(_ ticket: SnapshotTicket, _ history: [EventRecord], of peer: Int) {
        guard case .inbound(let id, _) = ticket.link, let joiner = self.indices[id] else { return }
        var cursors: [Int: UInt64] = [peer: self.peers[peer].head]
        for origin in self.peers.indices where origin != peer {
            cursors[origin] = self.received(by: peer, of: origin)
        }
        for event in history {
            guard let origin = self.indices[event.origin], let sequence = event.sequence else { continue }
            cursors[origin] = max(cursors[origin] ?? 0, sequence)
        }
        self.peers[joiner].offered[peer] = cursors
    }

    private mutating func checkHistory(_ records: [EventRecord], at peer: Int) throws {
        self.report.snapshots += 1
        for record in records {
            guard let origin = self.indices[record.origin], let sequence = record.sequence else { continue }
            let last = self.peers[peer].historyLasts[origin] ?? 0
            guard sequence > last else {
                throw SimulationViolation(
                    "in the history of \(self.name(peer)), \(sequence) of \(self.name(origin)) comes after \(last)")
            }
            self.peers[peer].historyLasts[origin] = sequence
        }
        guard let teller = self.peers[peer].teller, let cursors = self.peers[peer].offered[teller] else {
            throw SimulationViolation("\(self.name(peer)) got a history from nobody")
        }
        self.peers[peer].historyCursors = cursors
    }

    // MARK: - What is said

    /// Cursors say what has been handed on, and not more; repair keeps its pace.
    mutating func checkSent(_ message: ControlMessage, by peer: Int) throws {
        switch message {
        case .heartbeat(let head, let cursors, _):
            guard head <= self.peers[peer].head else {
                throw SimulationViolation("\(self.name(peer)) says that it has emitted \(head)")
            }
            try self.checkCursors(cursors, of: peer)
        case .snapshot(_, true, let events, let cursors):
            try self.checkCursors(cursors, of: peer)
            try self.checkEnds(of: events, cursors, by: peer)
        case .repair(_, _, _, _, let batches):
            let sent = self.peers[peer].repairBytes
            guard batches.isEmpty || sent < self.script.repairBytesPerTick else {
                throw SimulationViolation(
                    "\(self.name(peer)) has sent \(sent) bytes since its last tick, may send \(self.script.repairBytesPerTick), and sends more"
                )
            }
            for batch in batches { self.peers[peer].repairBytes += batch.count }
        default: break
        }
    }

    /// E4: the history ends where its cursors say, but for what has been announced as missed.
    private func checkEnds(of events: [EventRecord], _ cursors: [NodeID: UInt64], by peer: Int) throws {
        var lasts: [NodeID: UInt64] = [:]
        for event in events { lasts[event.origin] = event.sequence }
        for (id, last) in lasts {
            guard let origin = self.indices[id], let cursor = cursors[id], cursor != last else { continue }
            let view = self.view(of: peer, in: origin)
            // Where this node's own history ended, its teller may have announced what was missing.
            let known = max(last, min(view?.start ?? cursor, cursor))
            guard last < cursor,
                known == cursor || view?.gaps.contains(where: { $0.contains(known + 1) && $0.contains(cursor) }) == true
            else {
                throw SimulationViolation(
                    "the history of \(self.name(peer)) ends with \(last) of \(self.name(origin)), and its cursor is \(cursor)"
                )
            }
        }
    }

    private func checkCursors(_ cursors: [NodeID: UInt64], of peer: Int) throws {
        for (id, cursor) in cursors {
            guard let origin = self.indices[id], origin != peer else { continue }
            let handed = self.handed(to: peer, of: origin) ?? 0
            guard cursor <= handed, cursor <= self.peers[origin].head else {
                throw SimulationViolation(
                    "\(self.name(peer)) says that it has \(self.name(origin)) up to \(cursor), and has it up to \(handed)"
                )
            }
        }
    }

    /// E3: a flush reports in time, and confirms only what is there.
    mutating func checkFlush(_ id: UInt64, _ report: FlushReport, of peer: Int) throws {
        guard let flush = self.peers[peer].flushes.removeValue(forKey: id) else { return }
        self.report.flushes += 1
        self.note(
            "\(self.name(peer))'s flush of \(flush.sequence) ends: \(report.confirmed) of \(report.entries.count)")
        let took = self.now(peer) - flush.began
        guard flush.isExcused || took <= MeshDefaults.deadAfter + .seconds(1) else {
            throw SimulationViolation("a flush of \(self.name(peer)) took \(took)")
        }
        for entry in report.entries where entry.outcome == .confirmed {
            guard let other = self.indices[entry.id] else { continue }
            // One that has nothing to receive has everything.
            let view = self.view(of: other, in: peer)
            let handed = view?.handed ?? self.peers[other].mesh.position(in: self.peers[peer].id)?.confirmed ?? 0
            guard handed >= flush.sequence else {
                throw SimulationViolation(
                    "\(self.name(other)) confirmed \(flush.sequence) of \(self.name(peer)), and its bus has it up to \(handed)"
                )
            }
            let missed = view?.gaps.filter { $0.upperBound <= flush.sequence }.reduce(0) { $0 + UInt64($1.count) } ?? 0
            guard entry.missed >= missed, entry.missed <= view?.missed ?? 0 else {
                throw SimulationViolation(
                    "\(self.name(other)) said it has missed \(entry.missed) of \(self.name(peer)), and has missed \(missed)"
                )
            }
        }
    }

    // MARK: - Bounds

    /// E5: what waits for the history, or for what is missing before it, is bounded.
    func checkWaiting(_ peer: Int) throws {
        let bytes = self.peers[peer].mesh.aheadBytes + self.peers[peer].mesh.heldBytes
        guard bytes <= self.script.aheadBytes else {
            throw SimulationViolation("at \(self.name(peer)) \(bytes) bytes wait for what is before them")
        }
    }

    /// E5: nothing leaves the window of who waits for the slowest that a joined peer does not have, unless that one gets no further.
    func checkWindow(of origin: Int) throws {
        guard self.waits(self.peers[origin].seat), let first = self.peers[origin].mesh.firstHeld else { return }
        for peer in self.peers[origin].announced.sorted() where !self.peers[peer].isRetired {
            let handed = self.received(by: peer, of: origin) ?? 0
            guard handed + 1 >= first || self.peers[origin].mesh.isLeftBehind(self.peers[peer].id) else {
                throw SimulationViolation(
                    "\(self.name(origin)) waits for the slowest and holds its events from \(first) on, and \(self.name(peer)) has them up to \(handed)"
                )
            }
        }
    }
}
