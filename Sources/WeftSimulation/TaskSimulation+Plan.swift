// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftProtocol
import WeftValue

extension TaskSimulation {
    /// Decides what the schedule will be.
    mutating func prepare() {
        self.configuration.agents = ["agent"]
        self.configuration.retry = RetryPolicy(
            handlerAttempts: 1, workerLossAttempts: 3, returnLimit: 20, backoff: .milliseconds(500),
            maximumBackoff: .seconds(10))
        self.configuration.maximumResultBytes = 4096
        if self.settings.isPlain { return self.preparePlain() }
        // Some schedules have little room, so that refusals happen.
        self.configuration.maximumUnfinished = self.chance(15) ? 30 : 100_000
        self.configuration.recentlyFinished = self.chance(20) ? 100 : 10_000
        if self.chance(70) {
            self.configuration.queues = [
                "narrow": QueueConfiguration(weight: 2, maximumRunning: 2),
                "keyed": QueueConfiguration(maximumRunningPerKey: 1),
                "slow": QueueConfiguration(rate: 10, burst: 5),
            ]
            if self.chance(30) { self.configuration.maximumRunning = 8 }
        }
        for index in 0..<self.settings.tasks {
            let task = self.task(index)
            self.indices[task.submission.id] = index
            self.tasks.append(task)
            let at = UInt64.random(in: 0...self.end * 9 / 10, using: &self.random)
            self.plan(task.isFromPlatform ? .platformTask(index) : .submit(index, isRepeat: false), at: at)
        }
        self.untold = self.tasks.count
        if self.settings.isDriven { return }
        self.workersWanted = Int.random(in: 2...5, using: &self.random)
        for _ in 0..<self.workersWanted { self.plan(.workerStarts, at: self.delay(0...2000)) }
        self.plan(.coordinatorStarts, at: self.delay(0...500))
        let faults = Int.random(in: self.settings.faults, using: &self.random)
        for _ in 0..<faults {
            self.plan(.fault, at: UInt64.random(in: 1_000_000...self.end, using: &self.random))
        }
        for _ in 0..<Int.random(in: 2...8, using: &self.random) {
            self.plan(.operate(.cancel), at: UInt64.random(in: 0...self.end, using: &self.random))
            self.plan(.operate(.requeue), at: UInt64.random(in: self.end / 3...self.end, using: &self.random))
        }
        if self.chance(50) {
            self.plan(.operate(.drop), at: UInt64.random(in: self.end / 3...self.end, using: &self.random))
        }
    }

    private mutating func preparePlain() {
        for index in 0..<self.settings.tasks {
            let isFromPlatform = index % 2 == 0
            let submission = TaskSubmission(
                id: "t\(index)", source: isFromPlatform ? .platform : .submit,
                agentID: isFromPlatform ? "agent" : nil, payload: .string("t\(index)"))
            self.indices[submission.id] = index
            self.tasks.append(
                SimulatedTask(
                    submission: submission, behaviour: .completes, work: self.delay(20...400), isRefused: false))
            let at = UInt64.random(in: 0...self.end * 9 / 10, using: &self.random)
            self.plan(isFromPlatform ? .platformTask(index) : .submit(index, isRepeat: false), at: at)
        }
        self.untold = self.tasks.count
        self.workersWanted = 2
        for _ in 0..<self.workersWanted { self.plan(.workerStarts, at: self.delay(0...200)) }
        self.plan(.coordinatorStarts, at: 0)
    }

    private mutating func task(_ index: Int) -> SimulatedTask {
        let isFromPlatform = self.chance(50)
        let queue = self.pick(["default", "default", "default", "narrow", "keyed", "slow"]) ?? "default"
        var submission = TaskSubmission(
            id: "t\(index)", source: isFromPlatform ? .platform : .submit, agentID: isFromPlatform ? "agent" : nil,
            queue: queue, payload: .string("t\(index)"), priority: Int.random(in: 0...2, using: &self.random))
        if queue == "keyed" { submission.key = "k\(Int.random(in: 0...3, using: &self.random))" }
        let behaviour: SimulatedTask.Behaviour
        switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<8:
            behaviour = .fails(times: 1)
            submission.attempts = 3
        case 8..<11: behaviour = .failsForGood
        case 11..<15: behaviour = .triesLater(times: Int.random(in: 1...2, using: &self.random))
        case 15..<16: behaviour = .killsWorkers(times: self.chance(30) ? 100 : 1)
        case 16..<17: behaviour = .growsTooLarge
        default: behaviour = .completes
        }
        var work = self.delay(20...400)
        switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<4: work = self.delay(5000...20_000)
        case 4..<15: work = self.delay(1000...4000)
        default: break
        }
        if self.settings.isDriven { work = min(work, 6_000_000) }
        if self.chance(5) { submission.timeLimit = .milliseconds(Int64.random(in: 500...5000, using: &self.random)) }
        if self.chance(4) { submission.waitLimit = .seconds(Int64.random(in: 1...20, using: &self.random)) }
        if self.chance(4) { submission.totalLimit = .seconds(Int64.random(in: 2...30, using: &self.random)) }
        if self.chance(4) {
            submission.notBefore = self.now.date.addingTimeInterval(
                Double.random(in: 0...Double(self.settings.span) / 1000, using: &self.random))
        }
        return SimulatedTask(
            submission: submission, behaviour: behaviour, work: work, isRefused: isFromPlatform && self.chance(1))
    }

    // MARK: - Whoever submits and operates

    mutating func submit(_ task: Int, isRepeat: Bool) throws {
        guard !self.tasks[task].isTold || isRepeat else { return }
        // Until somebody has answered, it is submitted again and again.
        if !self.tasks[task].isTold { self.plan(.submit(task, isRepeat: false), after: self.delay(800...3000)) }
        guard self.isUp, !self.isDraining, self.time >= self.pausedUntil else { return }
        self.lookUp(task, for: .submission)
    }

    /// Asks the ledger for what the dispatcher has no record of; the answer takes its time.
    mutating func lookUp(_ task: Int, for purpose: SimulationEvent.Purpose) {
        let id = self.tasks[task].submission.id
        var record: TaskRecord?
        let isNeeded = purpose == .requeue || purpose == .drop || self.dispatcher.mustLookUp(id)
        if isNeeded { record = self.ledger.entries[id]?.record }
        if self.settings.mutant == .duplicateAcceptanceRunsTwice, purpose == .submission || purpose == .delivery {
            record = nil
        }
        let pause = !isNeeded ? 0 : self.chance(3) ? self.delay(50...900) : self.delay(0...2)
        self.plan(.lookedUp(task, record, purpose, life: self.life), after: pause)
    }

    mutating func lookedUp(_ task: Int, _ record: TaskRecord?, _ purpose: SimulationEvent.Purpose) throws {
        let id = self.tasks[task].submission.id
        switch purpose {
        case .submission, .delivery:
            guard !self.tasks[task].isDropped else { return self.tell(id) }
            let submission = self.tasks[task].submission
            try self.step { dispatcher, now in dispatcher.accept(submission, stored: record, at: now) }
        case .requeue:
            guard var record else { return }
            if self.settings.mutant == .requeueResetsAttempt { record.status.attempt = 0 }
            self.note("somebody requeues \(id)")
            self.tasks[task].isHurried = true
            try self.step { dispatcher, now in dispatcher.requeue(record, at: now) }
        case .drop:
            guard let record else { return }
            self.note("somebody drops \(id)")
            try self.step { dispatcher, now in dispatcher.drop(record, at: now) }
        case .cancel:
            self.note("somebody cancels \(id)")
            try self.step { dispatcher, now in dispatcher.cancel(id, reason: "somebody asked", at: now) }
        }
    }

    mutating func operate(_ purpose: SimulationEvent.Purpose) {
        guard self.isUp, !self.isDraining else { return }
        switch purpose {
        case .submission, .delivery:
            break
        case .cancel:
            let held = self.tasks.indices.filter {
                self.ledger.entries[self.tasks[$0].submission.id]?.record.status.state.isHeld ?? false
            }
            if let task = self.pick(self.chance(70) ? held : Array(self.tasks.indices)) {
                self.lookUp(task, for: .cancel)
            }
        case .requeue, .drop:
            let ended = self.tasks.indices.filter {
                switch self.ledger.entries[self.tasks[$0].submission.id]?.record.status.state {
                case .dead, .retrying: true
                case .cancelled, .expired: purpose == .requeue
                default: false
                }
            }
            if let task = self.pick(ended) { self.lookUp(task, for: purpose) }
        }
    }
}
