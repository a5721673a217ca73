// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

extension ClusterSimulation {
    /// Does what the script says.
    mutating func happen(_ planned: ClusterStep) throws {
        var step = planned
        // Who is not there cannot be hit: the next one is.
        if step.action.isFault && !step.action.isOfNetwork || step.action.emits {
            for offset in 0..<self.settings.nodes where !self.isHit(step) {
                let seat = planned.seat + offset
                step.seat = seat < self.settings.nodes ? seat : seat - self.settings.nodes
            }
        }
        if case .start = step.action { return try self.begin(step.seat, samePort: false) }
        let until: UInt64
        switch step.action {
        case .cut(_, let time, _), .lossy(_, let time), .pause(let time), .stall(let time):
            until = self.time + time * 1000
        case .crash(let restart, _), .leave(let restart, _): until = self.time + restart * 1000
        default: until = self.time
        }
        if step.action.isFault {
            guard step.action.isOfNetwork || self.isHit(step) else { return }
            self.report.faults += 1
            self.healedAt = max(self.healedAt, until)
            self.note("— \(step)")
        }
        switch step.action {
        case .cut(let seats, _, let isOneWay): return self.cut(seats, until: until, isOneWay: isOneWay)
        case .reset(let other): return self.reset(step.seat, other)
        case .lossy(let oneIn, _):
            self.lossy[step.seat] = (oneIn, until)
            return self.trouble(step.seat, until: until)
        default: break
        }
        guard let peer = self.seats[step.seat] else { return }
        switch step.action {
        case .emit(let count, let bytes): try self.emit(count, bytes, at: peer)
        case .complete(let total): try self.emit(max(0, total - self.report.emitted), 8, at: peer)
        case .flush: try self.flush(peer)
        case .update:
            guard !self.peers[peer].isRetired, self.peers[peer].pausedUntil <= self.time else { return }
            try self.step(peer) { mesh, now in
                mesh.update(extras: mesh.local.extras.merging(["changed": true]) { $1 }, at: now)
            }
        case .pause:
            self.peers[peer].pausedUntil = max(self.peers[peer].pausedUntil, until)
            for id in self.peers[peer].flushes.keys { self.peers[peer].flushes[id]?.isExcused = true }
            self.trouble(step.seat, until: until)
            self.pauseDispatch(of: peer, until: until)
        case .stall:
            self.peers[peer].stalledUntil = max(self.peers[peer].stalledUntil, until)
            self.trouble(step.seat, until: until)
        case .crash(_, let samePort):
            if self.peers[peer].epoch != nil, self.chance(1, in: 2) {
                // In the midst of what it does next.
                let actions = Int(self.random.next() % 12)
                self.tasks?.killCoordinator(after: actions)
                return
            }
            self.exit(peer)
            self.plan(.begin(seat: step.seat, samePort: samePort), at: until)
        case .leave(_, let samePort):
            // What waits for the slowest has had its time.
            try self.drain(peer, isLast: true)
            self.peers[peer].isLeaving = true
            self.seats[step.seat] = nil
            if let worker = self.peers[peer].worker {
                self.tasks?.reach(self.time)
                try self.tasks?.drainWorker(worker)
            }
            try self.step(peer) { mesh, now in mesh.leave(at: now) }
            self.plan(.exit(peer), after: 1_000_000)
            self.plan(.begin(seat: step.seat, samePort: samePort), at: max(until, self.time + 1_100_000))
        case .start, .cut, .reset, .lossy: break
        }
    }

    /// Whether a step finds whom it is meant for.
    private func isHit(_ step: ClusterStep) -> Bool {
        guard let peer = self.seats[step.seat] else { return false }
        return !step.action.needsRunning || self.peers[peer].pausedUntil <= self.time
    }

    /// A seat is in trouble with all others.
    mutating func trouble(_ seat: Int, until: UInt64) {
        for other in 0..<self.settings.nodes where other != seat { self.trouble(seat, other, until: until) }
    }

    mutating func trouble(_ one: Int, _ other: Int, until: UInt64) {
        for index in [one * self.settings.nodes + other, other * self.settings.nodes + one] {
            self.troubledUntil[index] = max(self.troubledUntil[index], until)
        }
    }

    /// When two seats were last in trouble with each other.
    func troubledUntil(_ one: Int, _ other: Int) -> UInt64 { self.troubledUntil[one * self.settings.nodes + other] }

    private mutating func cut(_ seats: Int, until: UInt64, isOneWay: Bool) {
        func isIn(_ seat: Int) -> Bool { seats & 1 << seat != 0 }
        for one in 0..<self.settings.nodes {
            for other in 0..<self.settings.nodes where isIn(one) && !isIn(other) {
                self.extendCut(one, other, until)
                if !isOneWay { self.extendCut(other, one, until) }
                self.trouble(one, other, until: until)
            }
        }
        // Connections live through a short cut and not through a long one.
        for connection in self.connections.indices {
            guard let acceptor = self.connections[connection].acceptor else { continue }
            let (from, to) = (self.peers[self.connections[connection].dialer].seat, self.peers[acceptor].seat)
            guard isIn(from) != isIn(to) else { continue }
            let patience = self.delay(3000...9000)
            guard self.time + patience < until else { continue }
            self.plan(.breaks(connection, life: self.connections[connection].life), after: patience)
        }
    }

    private mutating func extendCut(_ from: Int, _ to: Int, _ until: UInt64) {
        let index = from * self.settings.nodes + to
        self.cutUntil[index] = max(self.cutUntil[index], until)
        self.blockDispatch(from: from, to: to, until: self.cutUntil[index])
    }

    private mutating func reset(_ one: Int, _ other: Int) {
        self.trouble(one, other, until: self.time)
        self.resetDispatch(one, other)
        for connection in self.connections.indices {
            guard let acceptor = self.connections[connection].acceptor else { continue }
            let (from, to) = (self.peers[self.connections[connection].dialer].seat, self.peers[acceptor].seat)
            if (from, to) == (one, other) || (from, to) == (other, one) { self.breaks(connection) }
        }
    }
}
