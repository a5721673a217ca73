// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus
package import WeftProtocol

extension TaskSimulation {
    // MARK: - Life

    mutating func startCoordinator() throws {
        guard !self.isUp else { return }
        if self.hasRealLedger {
            self.awaitsLedger = true
        } else {
            try self.start(self.ledger.open())
        }
    }

    /// A coordinator begins with what it has found in a real ledger, which must be what the simulated one holds.
    package mutating func begin(_ found: LedgerState) throws {
        self.awaitsLedger = false
        let expected = self.ledger.open(as: found.epoch)
        guard found.summary == expected.summary else {
            throw SimulationViolation("the ledger should hold \(expected.summary), and holds \(found.summary)")
        }
        try self.start(found)
    }

    private mutating func start(_ found: LedgerState) throws {
        var state = found
        try self.checkRecovery(state)
        switch self.settings.mutant {
        case .attemptNumberReused:
            for index in state.unfinished.indices where state.unfinished[index].status.attempt > 0 {
                state.unfinished[index].status.attempt -= 1
            }
        case .deadTaskDealtAgain:
            for entry in self.ledger.entries.values.sorted(by: { $0.order < $1.order })
            where entry.record.status.state == .dead {
                var record = entry.record
                record.status.state = .queued
                state.unfinished.append(record)
            }
        case .cancelForgotten:
            for index in state.unfinished.indices { state.unfinished[index].status.cancelReason = nil }
        default:
            break
        }
        var configuration = self.configuration
        if self.settings.mutant == .limitsIgnored {
            configuration.queues = [:]
            configuration.maximumRunning = nil
        }
        self.life += 1
        if self.life > 1 { self.report.epochChanges += 1 }
        if self.chance(50) { self.address += 1 }
        self.isUp = true
        self.isDraining = false
        self.startedAt = self.time
        self.pausedUntil = 0
        self.ratedDeals = 0
        self.killCountdown = nil
        if self.hasClockJumps { self.clock = Double.random(in: -30...30, using: &self.random) }
        self.dispatcher = Dispatcher(
            configuration: configuration, state: state, seed: self.random.next(), now: self.now)
        self.outbox = ReportOutbox(
            pauses: RetryPolicy(backoff: .milliseconds(500), maximumBackoff: .seconds(10)), seed: self.random.next())
        self.downs = [:]
        for index in self.workers.indices {
            self.workers[index].heardAt = nil
            self.workers[index].pongAt = nil
            self.workers[index].lastPong = 0
            self.workers[index].closedAt = nil
            self.workers[index].session = 0
        }
        for record in state.unfinished {
            guard let task = self.indices[record.task.id] else { continue }
            self.tasks[task].namedAt = nil
            self.tasks[task].losses = record.status.workerLosses
        }
        self.note(
            "coordinator begins epoch \(state.epoch.counter) with \(state.unfinished.count) unfinished and \(state.reports.count) unreported"
        )
        try self.step { dispatcher, now in dispatcher.begin(state, at: now) }
        self.plan(.coordinatorTick(life: self.life), after: 0)
        self.plan(.poll(life: self.life), after: 10_000_000)
        self.stream += 1
        self.plan(.registered(life: self.life, stream: self.stream), after: self.delay(20...800))
        for index in self.workers.indices where self.workers[index].isAlive && !self.settings.isDriven {
            self.plan(.discover(index, life: self.life), after: self.delay(10...1500))
        }
    }

    /// The coordinator's process is gone, or its whole machine.
    package mutating func crash(machine: Bool) throws {
        guard self.isUp else { return }
        if machine {
            self.report.machineFailures += 1
            let lost = Int.random(in: 0...self.ledger.volatileCount, using: &self.random)
            self.ledger.lose(lost)
            self.recount()
            self.note("the coordinator's machine fails, and \(lost) transactions are lost")
        } else {
            self.note("the coordinator's process ends")
        }
        self.noteCounters()
        self.isUp = false
        self.isStreamUp = false
        self.queue = []
        self.releases = []
        self.releasing = []
        self.performing = []
        self.performed = 0
        self.killCountdown = nil
        if self.isWriting {
            self.isWriting = false
            // The process died while it wrote: the transaction is there, or it is not.
            if !machine, self.chance(50) { try self.commit(Self.changes(in: self.writing)) }
            self.writing = []
        }
        for link in self.links.indices where !self.links[link].isDead {
            switch self.links[link].direction {
            case .up(_, let address) where address == self.address: self.breaks(link)
            case .up: break
            case .down: self.abandon(link)
            }
        }
        if self.settings.isDriven { return }
        for index in self.workers.indices where self.workers[index].isAlive && self.chance(30) {
            self.plan(.rosterForgets(index, life: self.life), after: self.delay(500...12_000))
        }
        self.plan(.coordinatorStarts, after: self.chance(80) ? self.delay(50...2000) : self.delay(2000...20_000))
    }

    mutating func noteCounters() {
        self.report.staleResults += self.dispatcher.counters.stale
        self.report.reclaims += self.dispatcher.counters.reclaimed
        self.report.repeated += self.dispatcher.counters.repeated
    }

    // MARK: - The shell

    /// Tells the dispatcher what happened, and queues what follows.
    mutating func step(_ body: (inout Dispatcher, Moment) -> [DispatcherAction]) throws {
        let now = self.now
        var actions = body(&self.dispatcher, now)
        guard !actions.isEmpty else { return }
        try self.checkDecisions(actions)
        if let mutant = self.settings.mutant { actions = try self.mutate(actions, by: mutant) }
        self.queue += actions
        try self.writeIfIdle()
    }

    /// Takes what has piled up: all that is to be written goes into one write, then the rest follows in its order.
    mutating func writeIfIdle() throws {
        guard !self.isWriting, self.performed == self.performing.count, !self.queue.isEmpty else { return }
        let batch = self.queue
        self.queue = []
        self.releasing = self.releases
        self.releases = []
        guard batch.contains(where: { if case .persist = $0 { true } else { false } }) else {
            self.performing = batch
            self.performed = 0
            return
        }
        self.writing = batch
        self.isWriting = true
        self.plan(.written(life: self.life), after: self.chance(3) ? self.delay(50...800) : self.delay(0...4))
    }

    mutating func written() throws {
        guard self.isWriting else { return }
        self.steps += 1
        if try self.isKilledNow() { return }
        let changes = Self.changes(in: self.writing)
        if self.settings.mutant == .writeDropped, self.chance(2) {
            self.note("a write is lost")
        } else {
            try self.commit(changes)
        }
        self.performing = self.writing
        self.performed = 0
        self.writing = []
        self.isWriting = false
        _ = try self.isKilledNow()
    }

    static func changes(in actions: [DispatcherAction]) -> [LedgerChange] {
        var changes: [LedgerChange] = []
        for case .persist(let more) in actions { changes += more }
        return changes
    }

    mutating func performNext() throws {
        let action = self.performing[self.performed]
        self.performed += 1
        self.steps += 1
        try self.perform(action)
        if try self.isKilledNow() { return }
        if self.performed == self.performing.count {
            self.performing = []
            self.performed = 0
            let released = self.releasing
            self.releasing = []
            for task in released { try self.perform(self.outbox.release(task, at: self.now.monotonic)) }
            try self.writeIfIdle()
        }
    }

    /// Counts down to the planned death, and dies when its moment has come.
    private mutating func isKilledNow() throws -> Bool {
        guard let left = self.killCountdown else { return false }
        self.killCountdown = left - 1
        guard left <= 0 else { return false }
        try self.crash(machine: self.killsMachine)
        return true
    }

    mutating func perform(_ action: DispatcherAction) throws {
        switch action {
        case .persist, .capacity:
            break
        case .connect(let id, _):
            guard let worker = self.workerIndices[id] else { return }
            self.connectDown(to: worker)
        case .send(let id, let message):
            guard let worker = self.workerIndices[id] else { return }
            try self.checkSent(message, to: worker)
            try self.noteDeals(message, to: worker)
            guard let link = self.downs[worker] else { return }
            self.note("coordinator → w\(worker): \(message.summary)")
            self.send(.down(message), over: link)
        case .disconnect(let id):
            guard let worker = self.workerIndices[id], let link = self.downs.removeValue(forKey: worker) else { return }
            self.links[link].queue = []
            self.links[link].isDead = true
        case .withdraw(let taskID, let reportID):
            self.outbox.withdraw(taskID: taskID, reportID: reportID)
        case .report(let item):
            try self.checkReported(item)
            try self.perform(self.outbox.add(item, at: self.now.monotonic))
        case .announce(let event):
            try self.announced(event)
        }
    }

    private mutating func announced(_ event: TaskEvent) throws {
        self.note("coordinator announces \(event.summary)")
        switch event {
        case .accepted(let id):
            try self.checkAnswered(id)
            self.tell(id)
        case .repeated(let id, _):
            self.tell(id)
        case .ended(let record, _):
            guard let task = self.indices[record.task.id] else { return }
            guard self.tasks[task].ends[record.status.requeues] == 1 else {
                throw SimulationViolation("\(record.task.id) was announced to have ended before that was written")
            }
        default:
            break
        }
    }

    /// Whoever submits hears that the task was taken, unless the answer is lost.
    mutating func tell(_ id: String) {
        guard let task = self.indices[id], !self.tasks[task].isTold else { return }
        guard self.tasks[task].isFromPlatform || !self.chance(2) else { return }
        self.tasks[task].isTold = true
        self.untold -= 1
        if self.chance(5) { self.plan(.submit(task, isRepeat: true), after: self.delay(0...30_000)) }
    }

    // MARK: - Workers' messages

    mutating func receive(_ message: WorkerMessage, from worker: Int) throws {
        var message = message
        var id = self.workers[worker].id
        if let mutant = self.settings.mutant { self.mutate(&message, from: &id, by: mutant) }
        self.note("coordinator hears w\(worker): \(message.summary)")
        self.workers[worker].heardAt = self.time
        switch message {
        case .heartbeat(let heartbeat) where heartbeat.ping > self.workers[worker].lastPong:
            self.workers[worker].lastPong = heartbeat.ping
            self.workers[worker].pongAt = self.time
            self.workers[worker].closedAt = nil
        case .register(let registration):
            self.workers[worker].closedAt = nil
            guard self.workers[worker].session != registration.session else {
                // A repeat renews nothing.
                return try self.step { dispatcher, now in dispatcher.received(message, from: id, at: now) }
            }
            self.workers[worker].session = registration.session
            self.workers[worker].pongAt = self.time
            self.workers[worker].lastPong = 0
        default:
            break
        }
        // From a stranger it renews nothing.
        for reference in message.named where self.workers[worker].session != 0 {
            guard let task = self.indices[reference.id] else { continue }
            self.tasks[task].namedAt = self.time
        }
        try self.step { dispatcher, now in dispatcher.received(message, from: id, at: now) }
    }
}
