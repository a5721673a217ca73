// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

/// The task plane of the cluster: the first seat's process is the coordinator, the others' are workers, and they find each other by the
/// roster.
extension ClusterSimulation {
    /// The seat of the coordinator.
    static let coordinatorSeat = 0

    mutating func prepareDispatch() {
        guard self.settings.dispatchEvery > 0, self.script.seed.isMultiple(of: self.settings.dispatchEvery) else {
            return
        }
        var settings = SimulationSettings()
        settings.tasks = self.settings.tasks
        settings.span = self.settings.span * 2 / 3
        settings.isDriven = true
        self.tasks = TaskSimulation(seed: self.script.seed, settings: settings)
        self.tasks?.hasClockJumps = self.script.hasSkew
        self.report.hasDispatch = true
    }

    /// Does what the task plane has to do before a time.
    mutating func advanceTasks(to time: UInt64) throws {
        while let next = self.tasks?.nextTime, next <= time {
            try self.tasks?.advanceDriven()
            self.report.steps += 1
            self.time = max(self.time, next)
            if self.tasks?.died.isEmpty == false { self.workersDied() }
            if self.tasks?.isUp == false, let peer = self.seats[Self.coordinatorSeat], self.peers[peer].epoch != nil {
                self.note("\(self.name(peer)) dies in the midst of its work")
                self.dies(peer, restart: 1000)
            }
        }
    }

    /// At rest every task has ended once, and whoever must know of it does.
    mutating func endTasks() throws {
        guard self.tasks != nil else { return }
        try self.tasks?.checkEnd()
        self.tasks?.noteCounters()
        self.report.reclaims = self.tasks?.report.reclaims ?? 0
        self.report.epochChanges = self.tasks?.report.epochChanges ?? 0
        self.report.mix(self.tasks?.report.digest ?? 0)
    }

    private mutating func workersDied() {
        let died = self.tasks?.died ?? []
        self.tasks?.died = []
        for worker in died {
            guard let peer = self.peers.indices.first(where: { self.peers[$0].worker == worker }) else { continue }
            self.note("\(self.name(peer)) dies of its task")
            self.dies(peer, restart: 1000)
        }
    }

    /// A process that begins has its part in the task plane.
    ///
    /// - Returns: What it says about itself.
    mutating func beginDispatch(_ seat: Int) throws -> (roles: Set<NodeRole>, extras: [String: Value]) {
        guard self.tasks != nil else { return ([.peer], [:]) }
        self.tasks?.reach(self.time)
        guard seat == Self.coordinatorSeat else { return ([.worker], [:]) }
        try self.tasks?.startCoordinator()
        guard let tasks = self.tasks else { return ([.peer], [:]) }
        return (
            [.coordinator],
            ["sink": .int(Int64(tasks.address)), "epoch": .int(Int64(clamping: tasks.ledger.epoch.counter))]
        )
    }

    /// The roster has changed: a worker looks for its coordinator.
    mutating func rosterChanged(at peer: Int) throws {
        guard self.tasks != nil, let worker = self.peers[peer].worker else { return }
        var best: SimulatedPeer.Coordinator?
        for member in self.peers[peer].mesh.members(at: self.now(peer))
        where member.record.roles.contains(.coordinator) && (member.state == .alive || member.state == .suspect) {
            guard let sink = member.record.extras["sink"]?.intValue,
                let epoch = member.record.extras["epoch"]?.intValue,
                epoch > best?.epoch ?? 0
            else { continue }
            best = .init(address: Int(sink), epoch: epoch)
        }
        guard best != self.peers[peer].coordinator else { return }
        self.peers[peer].coordinator = best
        self.tasks?.reach(self.time)
        let ledger = self.tasks?.ledger.epoch.ledgerID ?? ""
        try self.tasks?.names(
            best.map { ($0.address, TaskEpoch(ledgerID: ledger, counter: UInt64(clamping: $0.epoch))) }, to: worker)
    }

    /// A process is gone.
    mutating func endDispatch(of peer: Int) {
        guard self.tasks != nil else { return }
        self.tasks?.reach(self.time)
        if let worker = self.peers[peer].worker { self.tasks?.kill(worker) }
        if self.peers[peer].epoch != nil, self.tasks?.isUp == true {
            let isMachine = self.chance(1, in: 4)
            // Only what it has half written could be refused, and is checked when the ledger is opened again.
            try? self.tasks?.crash(machine: isMachine)
        }
    }

    mutating func pauseDispatch(of peer: Int, until time: UInt64) {
        self.tasks?.reach(self.time)
        if let worker = self.peers[peer].worker { self.tasks?.pauseWorker(worker, until: time) }
        if self.peers[peer].epoch != nil { self.tasks?.pauseCoordinator(until: time) }
    }

    /// The network is cut between the coordinator's seat and another.
    mutating func blockDispatch(from one: Int, to other: Int, until time: UInt64) {
        guard self.tasks != nil, one == Self.coordinatorSeat || other == Self.coordinatorSeat,
            let peer = self.seats[one == Self.coordinatorSeat ? other : one], let worker = self.peers[peer].worker
        else { return }
        self.tasks?.reach(self.time)
        let isUp = other == Self.coordinatorSeat
        self.tasks?.block(worker, up: isUp, down: !isUp, until: time, breaks: time > self.time + 6_000_000)
    }

    mutating func resetDispatch(_ one: Int, _ other: Int) {
        guard one == Self.coordinatorSeat || other == Self.coordinatorSeat,
            let peer = self.seats[one == Self.coordinatorSeat ? other : one], let worker = self.peers[peer].worker
        else { return }
        self.tasks?.reach(self.time)
        self.tasks?.resetLinks(of: worker)
    }
}
