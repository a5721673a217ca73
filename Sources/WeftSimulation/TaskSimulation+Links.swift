// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus
import WeftProtocol

extension TaskSimulation {
    /// Puts a message on its way.
    mutating func send(_ message: SimulatedLink.Message, over link: Int) {
        guard !self.links[link].isDead else { return }
        let latency = self.chance(4) ? self.delay(20...400) : UInt64.random(in: 200...3000, using: &self.random)
        let due = max(self.links[link].lastDue, self.time + latency)
        self.links[link].lastDue = due
        self.links[link].queue.append((due, message))
        self.schedule(link)
    }

    private mutating func schedule(_ link: Int) {
        guard !self.links[link].isScheduled, self.links[link].isUp || self.links[link].isAbandoned,
            let first = self.links[link].queue.first
        else { return }
        self.links[link].isScheduled = true
        self.plan(.deliver(link), at: max(self.time, first.due, self.links[link].frozenUntil))
    }

    mutating func deliver(_ link: Int) throws {
        self.links[link].isScheduled = false
        let state = self.links[link]
        guard !state.isDead, state.isUp || state.isAbandoned, let first = state.queue.first else { return }
        let worker = state.worker
        let ready: UInt64
        switch state.direction {
        case .up(_, let address):
            guard self.isUp, address == self.address else { return }
            ready = max(first.due, state.frozenUntil, self.pausedUntil)
        case .down:
            guard self.workers[worker].isAlive else { return }
            ready = max(first.due, state.frozenUntil, self.workers[worker].pausedUntil)
        }
        if ready > self.time {
            self.links[link].isScheduled = true
            self.plan(.deliver(link), at: ready)
            return
        }
        self.links[link].queue.removeFirst()
        self.schedule(link)
        switch (first.message, state.direction) {
        case (.up(let message), _): try self.receive(message, from: worker)
        case (.down(let message), .down(_, let epoch)): try self.receive(message, at: worker, epoch: epoch)
        case (.down, .up): break
        }
    }

    // MARK: - Connections

    /// A worker connects its socket to the sink at an address.
    mutating func connectUp(_ worker: Int, to address: Int) {
        self.links.append(SimulatedLink(direction: .up(worker: worker, address: address)))
        let link = self.links.count - 1
        self.workers[worker].up = link
        self.links[link].frozenUntil = self.blocked[worker]?.up ?? 0
        self.plan(.linkOpens(link), after: self.delay(0...5))
    }

    /// The coordinator connects a socket to a worker.
    mutating func connectDown(to worker: Int) {
        if let link = self.downs[worker], !self.links[link].isDead { return }
        self.links.append(SimulatedLink(direction: .down(worker: worker, epoch: self.dispatcher.epoch)))
        let link = self.links.count - 1
        self.downs[worker] = link
        self.links[link].frozenUntil = self.blocked[worker]?.down ?? 0
        self.plan(.linkOpens(link), after: self.delay(0...5))
    }

    mutating func opens(_ link: Int) throws {
        let state = self.links[link]
        guard !state.isDead, !state.isUp, !state.isAbandoned else { return }
        switch state.direction {
        case .up(let worker, let address):
            guard self.workers[worker].isAlive else { return }
            guard self.isUp, address == self.address, state.frozenUntil <= self.time else {
                return self.plan(.linkOpens(link), after: self.delay(100...1000))
            }
            self.links[link].isUp = true
            try self.stepWorker(worker) { machine, now in machine.connectionOpened(at: now) }
        case .down(let worker, _):
            guard self.workers[worker].isAlive, state.frozenUntil <= self.time else {
                return self.plan(.linkOpens(link), after: self.delay(100...1000))
            }
            self.links[link].isUp = true
        }
        self.schedule(link)
    }

    /// A connection breaks: some of what was on its way is lost, the rest waits for the next connection.
    mutating func breaks(_ link: Int) {
        guard self.links[link].isUp, !self.links[link].isDead else { return }
        self.links[link].isUp = false
        self.links[link].queue.removeFirst(Int.random(in: 0...self.links[link].queue.count, using: &self.random))
        self.plan(.linkCloses(link, at: self.time), after: self.chance(90) ? self.delay(0...50) : self.delay(50...3000))
    }

    /// The sending process is gone: what it had handed to the network still arrives, perhaps late.
    mutating func abandon(_ link: Int) {
        guard !self.links[link].isDead, !self.links[link].isAbandoned else { return }
        guard self.links[link].isUp else {
            self.links[link].isDead = true
            self.links[link].queue = []
            return
        }
        self.links[link].isUp = false
        self.links[link].isAbandoned = true
        self.links[link].queue.removeLast(Int.random(in: 0...self.links[link].queue.count, using: &self.random))
        if self.chance(30) {
            self.links[link].frozenUntil = max(self.links[link].frozenUntil, self.time + self.delay(100...4000))
        }
    }

    /// The connecting side sees that a connection has closed.
    mutating func closes(_ link: Int, _ event: SimulationEvent) throws {
        let state = self.links[link]
        guard !state.isDead, !state.isUp, !state.isAbandoned else { return }
        switch state.direction {
        case .up(let worker, _):
            guard self.workers[worker].isAlive, self.workers[worker].up == link,
                !self.waits(event, until: self.workers[worker].pausedUntil)
            else { return }
            self.plan(.linkOpens(link), after: self.delay(10...1000))
            try self.stepWorker(worker) { machine, now in machine.connectionClosed(at: now) }
        case .down(let worker, let epoch):
            guard self.isUp, self.dispatcher.epoch == epoch, self.downs[worker] == link,
                !self.waits(event, until: self.pausedUntil)
            else { return }
            self.plan(.linkOpens(link), after: self.delay(10...1000))
            if self.workers[worker].closedAt == nil { self.workers[worker].closedAt = self.time }
            let id = self.workers[worker].id
            self.note("coordinator sees the connection to w\(worker) close")
            let isMutated = self.settings.mutant == .closedLinkTakenForDeath && self.workers[worker].isAlive
            try self.step { dispatcher, now in
                isMutated ? dispatcher.lost(id, reason: "mutant", at: now) : dispatcher.connectionClosed(id, at: now)
            }
        }
    }
}
