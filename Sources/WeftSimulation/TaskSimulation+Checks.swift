// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftProtocol

/// What must hold before something is written, said or believed.
extension TaskSimulation {
    // MARK: - What is written

    /// Writes a transaction, each change of which must be allowed to follow what is there.
    mutating func commit(_ changes: [LedgerChange]) throws {
        for change in changes {
            try self.check(change)
            self.ledger.write(change)
        }
        self.ledger.commit(isDurable: changes.contains(where: \.mustBeDurable))
        if self.hasRealLedger { self.writes.append((changes, self.ledger.epoch)) }
    }

    private mutating func check(_ change: LedgerChange) throws {
        switch change {
        case .accepted(let record):
            guard let task = self.indices[record.task.id] else { return }
            let before = self.ledger.entries[record.task.id]?.record
            if let before {
                guard before.status.state.isFinal, before.status.state != .completed,
                    record.status.requeues == before.status.requeues + 1
                else {
                    throw SimulationViolation(
                        "\(record.task.id) was accepted again while it was \(before.status.state)")
                }
                self.report.requeues += 1
            }
            self.tasks[task].losses = 0
            // It may have been dealt, or have ended, in the same step.
            var first = record.status
            first.state = .queued
            if record.status.state.isHeld { first.attempt -= 1 }
            if record.status.state != .queued {
                try self.checkTransition(task, record.task.id, from: first, to: record.status)
            }
            try self.move(task, from: before?.status, to: record.status)
        case .status(let id, let status):
            guard let before = self.ledger.entries[id]?.record.status, let task = self.indices[id] else {
                throw SimulationViolation("a status was written for \(id), which the ledger does not have")
            }
            try self.checkTransition(task, id, from: before, to: status)
            try self.move(task, from: before, to: status)
        case .removed(let id):
            guard let task = self.indices[id] else { return }
            self.tasks[task].isDropped = true
            try self.move(task, from: self.ledger.entries[id]?.record.status, to: nil)
        case .report(let item):
            guard
                !item.isFinal || (self.indices[item.taskID].map { self.tasks[$0].ends[item.requeues] != nil } ?? false)
            else {
                throw SimulationViolation("\(item.taskID) is to be reported ended before it has ended")
            }
        case .reported:
            break
        }
    }

    private mutating func checkTransition(
        _ task: Int, _ id: String, from before: LedgerStatus, to status: LedgerStatus
    ) throws {
        self.note("ledger: \(id) \(before.state)/\(before.attempt) → \(status.state)/\(status.attempt)")
        guard !before.state.isFinal else {
            throw SimulationViolation("\(id) went on after its end: \(before.state) became \(status.state)")
        }
        guard status.requeues == before.requeues else {
            throw SimulationViolation("\(id) was requeued by a mere change of status")
        }
        guard before.cancelReason == nil || status.cancelReason != nil else {
            throw SimulationViolation("that \(id) is to be cancelled was forgotten")
        }
        let isNew = status.attempt == before.attempt + 1
        guard isNew || status.attempt == before.attempt else {
            throw SimulationViolation("\(id) went from attempt \(before.attempt) to \(status.attempt)")
        }
        if status.state.isHeld {
            guard let worker = status.worker.flatMap({ self.workerIndices[$0] }) else {
                throw SimulationViolation("\(id) is \(status.state) with nobody")
            }
            if isNew {
                guard !before.state.isHeld else {
                    throw SimulationViolation("\(id) was dealt again while w\(worker) holds it")
                }
                guard before.cancelReason == nil else {
                    throw SimulationViolation("\(id) was dealt although it is to be cancelled")
                }
                guard status.epoch == self.ledger.epoch else {
                    throw SimulationViolation("\(id) was dealt in epoch \(status.epoch?.counter ?? 0), not in this one")
                }
                self.tasks[task].leases.append(
                    .init(attempt: status.attempt, epoch: self.ledger.epoch.counter, worker: worker))
                try self.checkDeal(task, id, at: status.updatedAt)
            } else {
                guard before.state.isHeld, before.worker == status.worker else {
                    throw SimulationViolation("\(id) was dealt again as attempt \(status.attempt)")
                }
            }
        } else if before.state.isHeld {
            self.tasks[task].endedAttempts.insert(status.attempt)
        }
        if status.state.isFinal { try self.checkOutcome(task, id, status) }
    }

    private mutating func checkDeal(_ task: Int, _ id: String, at date: Date) throws {
        let submission = self.tasks[task].submission
        if let notBefore = submission.notBefore, !self.hasClockJumps, date < notBefore.addingTimeInterval(-0.001) {
            // A retry by hand makes a waiting task due at once.
            guard self.tasks[task].isHurried else { throw SimulationViolation("\(id) was dealt before its time") }
        }
        guard submission.queue == "slow", self.configuration.queues["slow"] != nil else { return }
        self.ratedDeals += 1
        let seconds = Double(self.time - self.startedAt) / 1e6
        guard Double(self.ratedDeals) <= 5 + 10 * seconds + 1 else {
            throw SimulationViolation(
                "the queue slow was dealt \(self.ratedDeals) tasks in \(seconds) s, more than its rate allows")
        }
    }

    private mutating func checkOutcome(_ task: Int, _ id: String, _ status: LedgerStatus) throws {
        self.tasks[task].ends[status.requeues, default: 0] += 1
        guard self.tasks[task].ends[status.requeues] == 1 else {
            throw SimulationViolation("\(id) has a second accepted outcome: \(status.state)")
        }
        switch (status.state, status.outcome) {
        case (.completed, .completed(let result)?):
            self.report.completed += 1
            let worker = status.worker.flatMap { self.workerIndices[$0] } ?? -1
            guard self.tasks[task].results.contains(.init(attempt: status.attempt, epoch: 0, worker: worker)),
                result.text == "\(id)/\(status.attempt) by w\(worker)"
            else {
                throw SimulationViolation(
                    "\(id) completed as attempt \(status.attempt) of w\(worker) with another's result: \(result.text)")
            }
        case (.dead, .failed?): self.report.deadLetters += 1
        case (.cancelled, .cancelled?): self.report.cancelled += 1
        case (.expired, _): self.report.expired += 1
        default:
            throw SimulationViolation("\(id) ended \(status.state) with outcome \(String(describing: status.outcome))")
        }
    }

    // MARK: - Who holds what

    /// Counts what is held by whom, and holds it against the limits.
    private mutating func move(_ task: Int, from before: LedgerStatus?, to after: LedgerStatus?) throws {
        let (wasHeld, isHeld) = (before?.state.isHeld ?? false, after?.state.isHeld ?? false)
        guard wasHeld != isHeld else { return }
        let submission = self.tasks[task].submission
        let change = isHeld ? 1 : -1
        self.totalHeld += change
        self.queueHeld[submission.queue, default: 0] += change
        if let key = submission.key { self.keyHeld[key, default: 0] += change }
        guard let worker = (isHeld ? after : before)?.worker.flatMap({ self.workerIndices[$0] }) else { return }
        self.workers[worker].held += change
        guard isHeld else { return }
        guard self.workers[worker].held <= self.workers[worker].window else {
            throw SimulationViolation(
                "w\(worker) was dealt \(self.workers[worker].held) tasks and has a window of \(self.workers[worker].window)"
            )
        }
        let queue = self.configuration.queues[submission.queue]
        if let limit = queue?.maximumRunning, let held = self.queueHeld[submission.queue], held > limit {
            throw SimulationViolation("\(held) tasks of queue \(submission.queue) run, and \(limit) may")
        }
        if let limit = queue?.maximumRunningPerKey, let key = submission.key, let held = self.keyHeld[key], held > limit
        {
            throw SimulationViolation("\(held) tasks of key \(key) run, and \(limit) may")
        }
        if let limit = self.configuration.maximumRunning, self.totalHeld > limit {
            throw SimulationViolation("\(self.totalHeld) tasks run, and \(limit) may")
        }
    }

    /// Counts anew what is held, after the ledger has lost something.
    mutating func recount() {
        self.totalHeld = 0
        self.queueHeld = [:]
        self.keyHeld = [:]
        for index in self.workers.indices { self.workers[index].held = 0 }
        for entry in self.ledger.entries.values where entry.record.status.state.isHeld {
            self.totalHeld += 1
            self.queueHeld[entry.record.task.queue, default: 0] += 1
            if let key = entry.record.task.key { self.keyHeld[key, default: 0] += 1 }
            if let worker = entry.record.status.worker.flatMap({ self.workerIndices[$0] }) {
                self.workers[worker].held += 1
            }
        }
    }

    // MARK: - What is decided

    /// Whoever is said to be lost must have given reason for it.
    mutating func checkDecisions(_ actions: [DispatcherAction]) throws {
        for case .status(let id, let status) in Self.changes(in: actions) {
            guard let task = self.indices[id], status.workerLosses > self.tasks[task].losses else { continue }
            self.tasks[task].losses = status.workerLosses
            guard let worker = status.history.last?.worker.flatMap({ self.workerIndices[$0] }),
                self.workers[worker].isAlive
            else { continue }
            let state = self.workers[worker]
            let lease: UInt64 = 15_000_000
            let isSilent = self.time - (state.heardAt ?? self.startedAt) >= lease
            let isUnproven = self.time - (state.pongAt ?? self.startedAt) >= lease
            let isUnnamed = self.time - (self.tasks[task].namedAt ?? self.startedAt) >= lease
            let isClosed = state.closedAt.map { self.time - $0 >= 3_000_000 } ?? false
            guard isSilent || isUnproven || isUnnamed || isClosed else {
                throw SimulationViolation(
                    "\(id) was taken from w\(worker), which holds its lease: \(status.history.last?.error ?? "")")
            }
        }
    }

    // MARK: - What is said

    func checkSent(_ message: CoordinatorMessage, to worker: Int) throws {
        switch message {
        case .acknowledged(let references):
            for reference in references {
                guard let task = self.indices[reference.id] else { continue }
                guard self.tasks[task].endedAttempts.contains(reference.attempt) else {
                    throw SimulationViolation(
                        "w\(worker) was told that the outcome of \(reference.summary) is stored before it was")
                }
            }
        case .welcome, .dispatch, .ping, .superseded, .cancel, .drain:
            break
        }
    }

    mutating func noteDeals(_ message: CoordinatorMessage, to worker: Int) throws {
        guard case .dispatch(let requests) = message else { return }
        for request in requests {
            guard let task = self.indices[request.id] else { continue }
            let deal = SimulatedTask.Deal(
                attempt: request.attempt, epoch: self.dispatcher.epoch.counter, worker: worker)
            if let earlier = self.tasks[task].deals.first(where: {
                $0.attempt == deal.attempt && ($0.epoch == deal.epoch || self.report.machineFailures == 0)
            }) {
                throw SimulationViolation(
                    "attempt \(deal.attempt) of \(request.id) was used for w\(earlier.worker) in epoch \(earlier.epoch), and again for w\(worker)"
                )
            }
            guard self.tasks[task].leases.contains(deal) else {
                throw SimulationViolation(
                    "\(request.id)/\(request.attempt) was dispatched to w\(worker) before its lease was written")
            }
            self.tasks[task].deals.append(deal)
        }
    }

    func checkAnswered(_ id: String) throws {
        guard self.ledger.entries[id] != nil || (self.indices[id].map { self.tasks[$0].isDropped } ?? false) else {
            throw SimulationViolation("\(id) was said to be accepted before it was written")
        }
    }

    func checkReported(_ item: ReportItem) throws {
        guard item.isFinal, let task = self.indices[item.taskID] else { return }
        guard self.tasks[task].ends[item.requeues] == 1 else {
            throw SimulationViolation("\(item.id) was handed to the outbox before the end was written")
        }
    }

    /// A worker names everything that it owes.
    func checkClaims(_ message: WorkerMessage, of worker: Int) throws {
        let held: [TaskReference]
        switch message {
        case .register(let registration): held = registration.held
        case .heartbeat(let heartbeat): held = heartbeat.held
        default: return
        }
        guard !self.workers[worker].owed.isEmpty else { return }
        for key in self.workers[worker].owed {
            let id = self.tasks[key.task].submission.id
            guard held.contains(where: { $0.id == id && $0.attempt == key.attempt }) else {
                throw SimulationViolation(
                    "w\(worker) has forgotten the outcome of \(id)/\(key.attempt), which nobody has")
            }
        }
    }

    // MARK: - What is left

    /// Whatever someone was told to be accepted is in the ledger that a coordinator finds.
    func checkRecovery(_ state: LedgerState) throws {
        for task in self.tasks where task.isTold && !task.isDropped && !task.isStopped {
            guard self.ledger.entries[task.submission.id] != nil else {
                throw SimulationViolation("\(task.submission.id) was accepted, and the ledger has lost it")
            }
        }
    }

    /// At rest every task has ended once, and whoever must know of it does.
    func checkEnd() throws {
        guard self.dispatcher.unfinishedCount == 0, self.dispatcher.heldCount == 0, self.totalHeld == 0 else {
            throw SimulationViolation(
                "all has ended, and the dispatcher still has \(self.dispatcher.unfinishedCount) tasks")
        }
        for task in self.tasks where !task.isDropped {
            guard let record = self.ledger.entries[task.submission.id]?.record else {
                guard task.isStopped else { throw SimulationViolation("\(task.submission.id) has vanished") }
                continue
            }
            let status = record.status
            guard status.state.isFinal, task.ends[status.requeues] == 1 else {
                throw SimulationViolation("\(task.submission.id) is \(status.state) at the end")
            }
            guard task.isFromPlatform, status.reportsEnd, !task.isRefused else { continue }
            guard task.finals[status.requeues] != nil else {
                throw SimulationViolation("the platform never heard how \(task.submission.id) ended")
            }
        }
    }
}
