// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

extension TaskSimulation {
    private enum Fault: CaseIterable {
        case workerKilled, workerPaused, workerCutOff, workerDrained, upBroken, downBroken, downBlocked
        case coordinatorKilled, coordinatorKilledSoon, machineFailed, coordinatorPaused, coordinatorDrained
        case platformOut, streamBroken, stoppedAtPlatform, clockJumps
    }

    /// Something goes wrong: what is drawn first of all that can just now.
    mutating func fault() throws {
        for _ in 0..<100 {
            guard let fault = Fault.allCases.randomElement(using: &self.random) else { return }
            if try self.strikes(fault) {
                self.report.faults += 1
                return
            }
        }
    }

    /// - Returns: Whether there was anything that could break so.
    private mutating func strikes(_ fault: Fault) throws -> Bool {
        switch fault {
        case .workerKilled, .workerPaused, .workerCutOff, .workerDrained, .upBroken, .downBroken, .downBlocked:
            guard let worker = self.pick(self.workers.indices.filter({ self.workers[$0].isAlive })) else {
                return false
            }
            return try self.strikes(fault, worker)
        case .platformOut:
            self.outageUntil = self.time + self.delay(500...15_000)
            self.note("the platform answers 503 for a while")
            if self.chance(50) { self.breakStream() }
            return true
        case .stoppedAtPlatform:
            return self.stopAtPlatform()
        case .streamBroken:
            guard self.isStreamUp else { return false }
            self.note("the platform's stream breaks")
            self.breakStream()
            return true
        case .clockJumps:
            self.hasClockJumps = true
            let jump = Double.random(in: -60...60, using: &self.random)
            self.note("the coordinator's wall clock jumps by \(jump) s")
            self.clock += jump
            return true
        case .coordinatorKilled, .coordinatorKilledSoon, .machineFailed, .coordinatorPaused, .coordinatorDrained:
            guard self.isUp else { return false }
            return try self.strikesCoordinator(fault)
        }
    }

    private mutating func strikesCoordinator(_ fault: Fault) throws -> Bool {
        switch fault {
        case .machineFailed:
            try self.crash(machine: true)
        case .coordinatorKilledSoon:
            guard self.killCountdown == nil else { return false }
            self.killsMachine = self.chance(30)
            self.killCountdown = Int.random(in: 0..<60, using: &self.random)
        case .coordinatorPaused:
            let pause = self.chance(60) ? self.delay(200...4000) : self.delay(4000...20_000)
            self.note("the coordinator stands still for \(pause / 1000) ms")
            self.pausedUntil = self.time + pause
        case .coordinatorDrained:
            guard !self.isDraining else { return false }
            self.isDraining = true
            self.note("the coordinator is drained")
            self.plan(.drained(life: self.life), after: self.delay(500...8000))
            try self.step { dispatcher, now in dispatcher.drain(dealsOn: false, at: now) }
        default:
            try self.crash(machine: false)
        }
        return true
    }

    private mutating func strikes(_ fault: Fault, _ worker: Int) throws -> Bool {
        switch fault {
        case .workerPaused:
            let pause = self.chance(60) ? self.delay(200...4000) : self.delay(4000...25_000)
            self.note("w\(worker) stands still for \(pause / 1000) ms")
            self.workers[worker].pausedUntil = self.time + pause
        case .workerCutOff:
            self.cutOff(worker)
        case .workerDrained:
            guard !self.workers[worker].isDraining else { return false }
            self.workers[worker].isDraining = true
            self.note("w\(worker) is drained")
            self.plan(.drainExpires(worker), after: self.delay(2000...30_000))
            if self.chance(50), self.isUp {
                let id = self.workers[worker].id
                try self.step { dispatcher, now in dispatcher.drainWorker(id, at: now) }
            } else {
                try self.stepWorker(worker) { machine, now in machine.drain(at: now) }
            }
        case .upBroken:
            guard let link = self.workers[worker].up, self.links[link].isUp else { return false }
            self.note("the connection of w\(worker) to the sink breaks")
            self.breaks(link)
        case .downBroken, .downBlocked:
            guard let link = self.downs[worker], self.links[link].isUp else { return false }
            self.note("the connection to w\(worker) breaks")
            self.breaks(link)
            if fault == .downBlocked { self.links[link].frozenUntil = self.time + self.delay(500...20_000) }
        default:
            self.kill(worker)
        }
        return true
    }

    /// Nothing passes between a worker and the coordinator for a while, in one direction or in both.
    private mutating func cutOff(_ worker: Int) {
        let until = self.time + (self.chance(60) ? self.delay(300...4000) : self.delay(4000...25_000))
        let directions = Int.random(in: 0..<3, using: &self.random)
        self.note("w\(worker) is cut off (\(["up", "down", "both ways"][directions])) until \(until / 1000)")
        if directions != 1, let link = self.workers[worker].up { self.links[link].frozenUntil = until }
        if directions != 0, let link = self.downs[worker] { self.links[link].frozenUntil = until }
        guard self.chance(30) else { return }
        if let link = self.workers[worker].up { self.breaks(link) }
        if let link = self.downs[worker] { self.breaks(link) }
    }
}
