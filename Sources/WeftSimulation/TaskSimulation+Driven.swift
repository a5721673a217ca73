// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HeapModule
import WeftProtocol

/// The task plane of a simulated cluster: whose processes begin, end, stand still and find each other as the cluster says.
extension TaskSimulation {
    /// When the next thing happens; nil when nothing will.
    var nextTime: UInt64? { self.performed < self.performing.count ? self.time : self.events.min?.time }

    /// Does the next thing, whether or not all has come to rest.
    mutating func advanceDriven() throws {
        if self.performed < self.performing.count { return try self.performNext() }
        guard let event = self.events.popMin() else { return }
        self.reach(event.time)
        self.report.events += 1
        self.report.mix(event.time ^ event.order << 40)
        try self.process(event)
    }

    /// It is at least so late.
    mutating func reach(_ time: UInt64) { self.time = max(self.time, time) }

    /// A worker's process begins.
    mutating func beginWorker() -> Int {
        self.startWorker()
        return self.workers.count - 1
    }

    /// The roster names a coordinator to a worker, or none any more.
    mutating func names(_ coordinator: (address: Int, epoch: TaskEpoch)?, to worker: Int) throws {
        guard self.workers[worker].isAlive else { return }
        try self.stepWorker(worker) { machine, now in
            guard let coordinator else { return machine.coordinatorLost(at: now) }
            return machine.coordinatorFound(
                endpoint: "tcp://c/\(coordinator.address)", epoch: coordinator.epoch, at: now)
        }
    }

    mutating func pauseWorker(_ worker: Int, until time: UInt64) {
        self.workers[worker].pausedUntil = max(self.workers[worker].pausedUntil, time)
    }

    mutating func pauseCoordinator(until time: UInt64) { self.pausedUntil = max(self.pausedUntil, time) }

    /// Nothing passes between a worker and the coordinator for a while.
    mutating func block(_ worker: Int, up: Bool, down: Bool, until time: UInt64, breaks: Bool) {
        let before = self.blocked[worker] ?? (0, 0)
        let after = (up: up ? max(before.up, time) : before.up, down: down ? max(before.down, time) : before.down)
        self.blocked[worker] = after
        if let link = self.workers[worker].up { self.links[link].frozenUntil = after.up }
        if let link = self.downs[worker] { self.links[link].frozenUntil = after.down }
        if breaks { self.resetLinks(of: worker) }
    }

    /// The connections between a worker and the coordinator close.
    mutating func resetLinks(of worker: Int) {
        if let link = self.workers[worker].up { self.breaks(link) }
        if let link = self.downs[worker] { self.breaks(link) }
    }

    /// A worker is asked to finish what it has.
    mutating func drainWorker(_ worker: Int) throws {
        guard self.workers[worker].isAlive, !self.workers[worker].isDraining else { return }
        self.workers[worker].isDraining = true
        try self.stepWorker(worker) { machine, now in machine.drain(at: now) }
    }

    /// Kills the coordinator after so many more of its actions.
    mutating func killCoordinator(after actions: Int) {
        self.killsMachine = self.chance(30)
        self.killCountdown = actions
    }
}
