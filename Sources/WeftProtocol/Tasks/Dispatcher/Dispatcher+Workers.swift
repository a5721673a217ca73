// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HeapModule
public import WeftBus

extension Dispatcher {
    /// A worker said something on the sink.
    public mutating func received(_ message: WorkerMessage, from worker: NodeID, at now: Moment) -> [DispatcherAction] {
        self.received([(message: message, worker: worker)], at: now)
    }

    /// Workers said things on the sink, in this order; what follows from all of them is decided at once.
    public mutating func received(
        _ messages: [(message: WorkerMessage, worker: NodeID)], at now: Moment
    ) -> [DispatcherAction] {
        var step = self.beginStep()
        for (message, worker) in messages { self.hear(message, from: worker, &step, at: now) }
        return self.finish(&step, at: now)
    }

    private mutating func hear(
        _ message: WorkerMessage, from worker: NodeID, _ step: inout DispatcherStep, at now: Moment
    ) {
        if case .register(let registration) = message {
            return self.register(registration, as: worker, &step, at: now)
        }
        guard let index = self.workers.index(forKey: worker) else {
            // It was lost, or speaks of an older coordinator; without pings it will register again by itself.
            self.counters.strangers += 1
            return
        }
        // Who was silent and speaks again can be dealt to again.
        if !self.workers.values[index].isLive(at: now.monotonic, suspicion: self.configuration.suspicion) {
            self.load.isStale = true
        }
        self.workers.values[index].heardAt = now.monotonic
        switch message {
        case .register:
            break
        case .heartbeat(let heartbeat):
            self.heartbeat(heartbeat, of: worker, &step, at: now)
        case .started(let references):
            for reference in references { self.started(reference, by: worker, &step, at: now) }
        case .progress(let reference, let value):
            if self.isCurrent(reference, of: worker) {
                step.events.append(.progress(id: reference.id, attempt: reference.attempt, value))
            } else if self.isFinished(reference, by: worker) {
                self.counters.late += 1
            } else {
                self.counters.stale += 1
            }
        case .result(let reference, let outcome):
            self.result(reference, outcome, of: worker, &step, at: now)
        case .results(let endings):
            for ending in endings { self.result(ending.reference, ending.outcome, of: worker, &step, at: now) }
        case .draining(let returned):
            self.setDraining(worker)
            self.takeBack(returned, from: worker, reason: "given back: the worker is stopping", &step, at: now)
        case .goodbye(let returned):
            self.takeBack(returned, from: worker, reason: "given back: the worker stopped", &step, at: now)
            self.lose(worker, reason: "it said goodbye", isLoss: false, &step, at: now)
        }
    }

    /// A worker's connection closed; unless it says hello again in time, it is lost.
    public mutating func connectionClosed(_ worker: NodeID, at now: Moment) -> [DispatcherAction] {
        guard self.workers[worker] != nil else { return [] }
        var step = self.beginStep()
        if self.workers[worker]?.closedAt == nil { self.workers[worker]?.closedAt = now.monotonic }
        self.load.isStale = true
        self.doubtDealt(to: worker, at: now)
        return self.finish(&step, at: now)
    }

    /// The connection to a worker that is still heard was replaced, and what was on its way may be lost.
    public mutating func connectionReplaced(_ worker: NodeID, at now: Moment) -> [DispatcherAction] {
        var step = self.beginStep()
        self.doubtDealt(to: worker, at: now)
        return self.finish(&step, at: now)
    }

    /// A worker is known to be gone, such as by the mesh's own verdict.
    public mutating func lost(_ worker: NodeID, reason: String, at now: Moment) -> [DispatcherAction] {
        guard self.workers[worker] != nil else { return [] }
        var step = self.beginStep()
        self.lose(worker, reason: reason, isLoss: true, &step, at: now)
        return self.finish(&step, at: now)
    }

    /// A node is known to be gone: what its worker held when the coordinator was restarted need not wait for it any longer.
    public mutating func neverReturns(_ worker: NodeID, reason: String, at now: Moment) -> [DispatcherAction] {
        guard self.workers[worker] == nil, let held = self.orphans[worker]?.compactMap({ self.entries[$0] }) else {
            return []
        }
        var step = self.beginStep()
        for entry in held.sorted(by: { $0.order < $1.order }) {
            self.giveBack(
                entry.task.id, reason: "its worker was lost while the coordinator was restarted: \(reason)",
                isLoss: true,
                &step, at: now)
        }
        return self.finish(&step, at: now)
    }

    /// Asks a worker to finish and leave.
    public mutating func drainWorker(_ worker: NodeID, at now: Moment) -> [DispatcherAction] {
        guard self.workers[worker] != nil else { return [] }
        var step = self.beginStep()
        self.setDraining(worker)
        step.send(.drain, to: worker)
        return self.finish(&step, at: now)
    }

    // MARK: - Parts

    /// What has been dealt to a worker and not been begun may be lost: unless the worker names it soon, it is dealt again.
    private mutating func doubtDealt(to worker: NodeID, at now: Moment) {
        let end = now.monotonic + self.configuration.lossGrace
        for place in self.workers[worker]?.held ?? [] where self.entries[place].status.state == .leased {
            self.entries[place].leaseEnd = min(self.entries[place].leaseEnd ?? end, end)
        }
    }

    private mutating func heard(from id: NodeID, at now: Moment) {
        guard let worker = self.workers[id] else { return }
        // Who was silent and speaks again can be dealt to again.
        if !worker.isLive(at: now.monotonic, suspicion: self.configuration.suspicion) { self.load.isStale = true }
        self.workers[id]?.heardAt = now.monotonic
    }

    private mutating func setDraining(_ id: NodeID) {
        self.workers[id]?.isDraining = true
        self.updateRoom(of: id)
        self.load.isStale = true
    }

    mutating func check(_ id: NodeID, _ step: inout DispatcherStep, at now: Moment) {
        guard let worker = self.workers[id] else { return }
        let time = now.monotonic
        if let closedAt = worker.closedAt, time - closedAt >= self.configuration.lossGrace {
            self.lose(id, reason: "its connection closed", isLoss: true, &step, at: now)
        } else if time - worker.heardAt >= self.configuration.lease {
            self.lose(id, reason: "it fell silent", isLoss: true, &step, at: now)
        } else if time - worker.provenAt >= self.configuration.lease {
            self.lose(id, reason: "nothing sent to it comes through", isLoss: true, &step, at: now)
        } else {
            let overdue = worker.held.filter { place in self.entries[place].leaseEnd.map { $0 <= time } ?? false }
            for entry in overdue.map({ self.entries[$0] }).sorted(by: { $0.task.id < $1.task.id }) {
                step.send(.superseded([self.reference(to: entry)]), to: id)
                self.giveBack(
                    entry.task.id, reason: "the worker no longer named it, and the lease ran out", isLoss: true, &step,
                    at: now)
            }
            guard worker.pingedAt.map({ time - $0 >= self.configuration.heartbeat }) ?? true else { return }
            self.workers[id]?.pingedAt = time
            self.workers[id]?.nextPing += 1
            step.send(.ping(number: worker.nextPing, heard: worker.heartbeat), to: id)
        }
    }

    private mutating func register(
        _ registration: WorkerRegistration, as id: NodeID, _ step: inout DispatcherStep, at now: Moment
    ) {
        if let known = self.workers[id], known.session == registration.session {
            // The same registration again: the welcome was slow or lost.
            self.heard(from: id, at: now)
            self.workers[id]?.closedAt = nil
            self.load.isStale = true
            let kept = registration.held.filter { reference in
                guard let status = self.entries[reference.id]?.status else { return false }
                return status.state.isHeld && status.worker == id && status.attempt == reference.attempt
                    && status.epoch == self.epoch
            }
            step.send(
                self.welcome(
                    keeping: kept.map { TaskReference(id: $0.id, attempt: $0.attempt, epoch: self.epoch) }), to: id)
            return
        }
        guard self.workers[id] != nil || self.workers.count < self.configuration.maximumWorkers else {
            self.counters.refusedWorkers += 1
            step.events.append(.workerRefused(id, reason: "there are \(self.workers.count) workers already"))
            return
        }
        let previous = self.workers[id]
        var worker = DispatcherWorker(
            id: id, name: registration.name, slots: min(max(1, registration.slots), TaskDefaults.maximumSlots),
            agents: registration.agents, queues: registration.queues, endpoint: registration.endpoint,
            session: registration.session, heardAt: now.monotonic, provenAt: now.monotonic)
        worker.held = previous?.held ?? []
        worker.dealt = previous?.dealt ?? 0
        worker.nextPing = previous?.nextPing ?? 1
        worker.isDraining = registration.isDraining
        if let previous { self.leaveClass(previous) }
        self.join(classOf: &worker)
        self.workers[id] = worker
        self.updateRoom(of: id)
        self.load.isStale = true
        step.connections.append((id, registration.endpoint))

        var kept: [TaskReference] = []
        var acknowledged: [TaskReference] = []
        var superseded: [TaskReference] = []
        for reference in registration.held {
            if self.reclaim(reference, by: id, &step, at: now) {
                kept.append(TaskReference(id: reference.id, attempt: reference.attempt, epoch: self.epoch))
            } else if self.isFinished(reference, by: id) {
                acknowledged.append(reference)
            } else {
                self.counters.stale += 1
                superseded.append(reference)
            }
        }
        step.send(self.welcome(keeping: kept), to: id)
        if !acknowledged.isEmpty { step.send(.acknowledged(acknowledged), to: id) }
        if !superseded.isEmpty { step.send(.superseded(superseded), to: id) }
        for reference in kept {
            if let entry = self.entries[reference.id] { self.sendCancel(of: entry, &step) }
        }
        // What it was dealt and does not hold never reached it.
        let named = Set(kept.map(\.id))
        let dealt = Set(self.workers[id]?.held.map { self.entries[$0].task.id } ?? []).union(self.orphans[id] ?? [])
        let missing = dealt.subtracting(named).compactMap { self.entries[$0] }
        for entry in missing.sorted(by: { $0.order < $1.order }) {
            self.giveBack(
                entry.task.id, reason: "the worker registered again without it", isLoss: false, &step, at: now)
        }
        if previous == nil {
            step.events.append(.workerJoined(id, name: worker.name, slots: worker.slots))
        }
    }

    private func welcome(keeping kept: [TaskReference]) -> CoordinatorMessage {
        .welcome(
            WorkerWelcome(
                epoch: self.epoch, lease: self.configuration.lease, heartbeat: self.configuration.heartbeat,
                kept: kept))
    }

    /// Gives a worker back what it held before a restart, or before its connection broke.
    private mutating func reclaim(
        _ reference: TaskReference, by worker: NodeID, _ step: inout DispatcherStep, at now: Moment
    ) -> Bool {
        guard let place = self.current(reference, of: worker) else { return false }
        var entry = self.entries[place]
        entry.leaseEnd = now.monotonic + self.configuration.lease
        self.workers[worker]?.held.insert(place)
        self.updateRoom(of: worker)
        if self.forgetOrphan(reference.id, of: worker) {
            self.counters.reclaimed += 1
            if entry.status.state == .running { self.limitRun(of: &entry, at: now) }
        }
        if entry.status.epoch != self.epoch {
            entry.status.epoch = self.epoch
            entry.status.updatedAt = now.date
            step.write(&entry)
        }
        self.entries[place] = entry
        return true
    }

    private mutating func heartbeat(
        _ heartbeat: WorkerHeartbeat, of id: NodeID, _ step: inout DispatcherStep, at now: Moment
    ) {
        guard var worker = self.workers[id] else { return }
        worker.heartbeat = max(worker.heartbeat, heartbeat.sequence)
        if heartbeat.ping > worker.lastPong, heartbeat.ping < worker.nextPing {
            worker.lastPong = heartbeat.ping
            worker.provenAt = now.monotonic
            if worker.closedAt != nil { self.load.isStale = true }
            worker.closedAt = nil
        }
        self.workers[id] = worker
        var superseded: [TaskReference] = []
        for reference in heartbeat.held {
            if let place = self.current(reference, of: id) {
                self.entries[place].leaseEnd = now.monotonic + self.configuration.lease
                // A cancel may have been lost with a connection that broke; to a worker that has it, it says nothing new.
                self.sendCancel(of: self.entries[place], &step)
            } else if !self.isFinished(reference, by: id) {
                superseded.append(reference)
            }
        }
        if !superseded.isEmpty { step.send(.superseded(superseded), to: id) }
    }

    private mutating func started(
        _ reference: TaskReference, by worker: NodeID, _ step: inout DispatcherStep, at now: Moment
    ) {
        guard let place = self.current(reference, of: worker) else {
            if self.isFinished(reference, by: worker) {
                self.counters.late += 1
            } else {
                self.counters.stale += 1
                step.send(.superseded([reference]), to: worker)
            }
            return
        }
        self.begin(at: place, &step, now)
    }

    /// A worker has begun the attempt that it holds.
    private mutating func begin(at place: Int, _ step: inout DispatcherStep, _ now: Moment) {
        guard self.entries[place].status.state == .leased else { return }
        self.entries[place].status.state = .running
        self.entries[place].status.updatedAt = now.date
        self.entries[place].leaseEnd = now.monotonic + self.configuration.lease
        self.entries[place].status.waitsSince = nil
        self.entries[place].waitEndsAt = nil
        if self.entries[place].task.timeLimit != nil {
            var entry = self.entries[place]
            self.limitRun(of: &entry, at: now)
            self.entries[place] = entry
        }
        if !self.entries[place].status.hasBegun {
            self.entries[place].status.hasBegun = true
            if self.entries[place].task.source == .platform, let agentID = self.entries[place].task.agentID {
                let item = ReportItem(taskID: self.entries[place].task.id, agentID: agentID, content: .executing)
                step.changes.append(.report(item))
                step.reports.append(item)
            }
        }
        step.write(&self.entries[place])
        let attempt = self.entries[place].status.attempt
        guard self.announcesStarts, let worker = self.entries[place].status.worker else { return }
        step.events.append(.started(id: self.entries[place].task.id, attempt: attempt, worker: worker))
    }

    private mutating func result(
        _ reference: TaskReference, _ outcome: TaskOutcome, of worker: NodeID, _ step: inout DispatcherStep,
        at now: Moment
    ) {
        if let place = self.current(reference, of: worker) {
            if case .cancelled = outcome {
            } else {
                // What has ended has begun, also when the word of it got lost.
                self.begin(at: place, &step, now)
            }
            self.settle(place, outcome, &step, at: now)
            step.acknowledge(reference, to: worker)
        } else if self.isFinished(reference, by: worker) {
            self.counters.repeatedResults += 1
            step.acknowledge(reference, to: worker)
        } else {
            if self.entries[reference.id] == nil, self.finished[reference.id] == nil {
                self.counters.unknownResults += 1
            } else {
                self.counters.stale += 1
            }
            step.send(.superseded([reference]), to: worker)
        }
    }

    /// A handler has begun: unless its worker ends the attempt when its time is over, it is taken from it a little later.
    ///
    /// After a restart the limit counts from the reclaiming: the worker, which counts from the beginning, is nearer to the truth than the
    /// dates of two clocks.
    private mutating func limitRun(of entry: inout DispatcherEntry, at now: Moment) {
        guard !entry.isExpiring, let limit = entry.task.timeLimit else { return }
        entry.stopBy = now.monotonic + limit + self.configuration.limitGrace
        self.setTimer(.stop, entry.stopBy, entry.task.id)
    }

    private mutating func takeBack(
        _ references: [TaskReference], from worker: NodeID, reason: String, _ step: inout DispatcherStep,
        at now: Moment
    ) {
        for reference in references where self.isCurrent(reference, of: worker) {
            self.giveBack(reference.id, reason: reason, isLoss: false, &step, at: now)
        }
    }

    private mutating func lose(
        _ id: NodeID, reason: String, isLoss: Bool, _ step: inout DispatcherStep, at now: Moment
    ) {
        guard let worker = self.workers.removeValue(forKey: id) else { return }
        self.leaveClass(worker)
        self.updateRoom(of: id)
        self.load.isStale = true
        let held = worker.held.map { self.entries[$0] }.sorted { $0.order < $1.order }
        for entry in held {
            self.giveBack(
                entry.task.id, reason: "worker \(worker.name) was lost: \(reason)", isLoss: isLoss, &step, at: now)
        }
        step.disconnections.append(id)
        step.events.append(.workerLeft(id, name: worker.name, reason: reason, returned: held.count))
    }

    /// Whether a worker speaks of the attempt that it holds, in the epoch in which it was given or reclaimed.
    func isCurrent(_ reference: TaskReference, of worker: NodeID) -> Bool {
        self.current(reference, of: worker) != nil
    }

    /// The place of the task of which a worker speaks, when it holds the attempt in the epoch in which it was given or reclaimed.
    func current(_ reference: TaskReference, of worker: NodeID) -> Int? {
        guard let place = self.entries.place(of: reference.id), self.entries[place].status.state.isHeld,
            self.entries[place].status.worker == worker, self.entries[place].status.attempt == reference.attempt,
            self.entries[place].status.epoch == reference.epoch
        else { return nil }
        return place
    }

    /// Whether a worker speaks of the attempt that ended its task.
    func isFinished(_ reference: TaskReference, by worker: NodeID) -> Bool {
        guard let status = self.finished[reference.id] else { return false }
        return status.worker == worker && status.attempt == reference.attempt
    }
}
