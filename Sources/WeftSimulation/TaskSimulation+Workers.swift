// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus
import WeftProtocol
import WeftValue

extension TaskSimulation {
    mutating func startWorker() {
        let id = NodeID.random(using: &self.random)
        let index = self.workers.count
        let slots = Int.random(in: 1...6, using: &self.random)
        let isServed = self.workers.contains { $0.isAlive && $0.queues.isEmpty }
        let queues = isServed && self.chance(15) ? ["default", "keyed"] : []
        let clock = self.hasClockJumps ? Double.random(in: -30...30, using: &self.random) : 0
        self.workers.append(
            SimulatedWorker(
                id: id, slots: slots, queues: queues,
                machine: WorkerMachine(
                    id: id,
                    configuration: .init(name: "w\(index)", slots: slots, queues: queues, endpoint: "tcp://w/\(index)"),
                    now: self.moment(clock: clock)),
                clock: clock))
        self.workerIndices[id] = index
        self.note("w\(index) begins with \(slots) slots")
        self.plan(.workerTick(index), after: 0)
        if self.isUp, !self.settings.isDriven {
            self.plan(.discover(index, life: self.life), after: self.delay(10...500))
        }
    }

    mutating func discover(_ worker: Int, life: Int, _ event: SimulationEvent) throws {
        guard self.workers[worker].isAlive, self.isUp, life == self.life,
            !self.waits(event, until: self.workers[worker].pausedUntil)
        else { return }
        let endpoint = "tcp://c/\(self.address)"
        let epoch = self.chance(90) ? self.dispatcher.epoch : nil
        try self.stepWorker(worker) { machine, now in
            machine.coordinatorFound(endpoint: endpoint, epoch: epoch, at: now)
        }
    }

    mutating func stepWorker(_ worker: Int, _ body: (inout WorkerMachine, Moment) -> [WorkerAction]) throws {
        let now = self.moment(clock: self.workers[worker].clock)
        let actions = body(&self.workers[worker].machine, now)
        for action in actions {
            guard self.workers[worker].isAlive else { return }
            try self.perform(action, at: worker)
        }
    }

    private mutating func perform(_ action: WorkerAction, at worker: Int) throws {
        switch action {
        case .connect(let endpoint):
            self.connectUp(worker, to: Int(endpoint.split(separator: "/").last ?? "") ?? 0)
        case .disconnect:
            self.disconnectUp(worker)
        case .send(let message):
            try self.checkClaims(message, of: worker)
            guard let link = self.workers[worker].up else { return }
            let message = self.together(message)
            self.note("w\(worker) → coordinator: \(message.summary)")
            self.send(.up(message), over: link)
        case .start(let request):
            try self.start(request, at: worker)
        case .cancel(let id, let attempt, _):
            guard let task = self.indices[id] else { return }
            let key = AttemptKey(task: task, attempt: attempt)
            guard self.workers[worker].handlers[key]?.isCancelled == false else { return }
            self.workers[worker].handlers[key]?.isCancelled = true
            // Some handlers don't listen.
            if !self.chance(10) { self.plan(.handlerEnds(worker, key), after: self.delay(1...200)) }
        case .drained:
            guard self.workers[worker].owed.isEmpty || self.workers[worker].isForced else {
                throw SimulationViolation("w\(worker) left and took outcomes with it that nobody had acknowledged")
            }
            self.note("w\(worker) has drained and leaves")
            self.disconnectUp(worker)
            self.leaves(worker)
        }
    }

    /// A result is sometimes said as those are of which there are several.
    private mutating func together(_ message: WorkerMessage) -> WorkerMessage {
        guard case .result(let reference, let outcome) = message, self.chance(50) else { return message }
        return .results([TaskEnding(reference, outcome)])
    }

    /// Closes a worker's socket; what is on its way still arrives.
    private mutating func disconnectUp(_ worker: Int) {
        guard let link = self.workers[worker].up else { return }
        self.workers[worker].up = nil
        self.links[link].isAbandoned = self.links[link].isUp
        self.links[link].isDead = !self.links[link].isUp
        self.links[link].isUp = false
    }

    private mutating func start(_ request: TaskRequest, at worker: Int) throws {
        guard let task = self.indices[request.id] else { return }
        let key = AttemptKey(task: task, attempt: request.attempt)
        guard self.workers[worker].handlers[key] == nil else {
            throw SimulationViolation("\(request.id)/\(request.attempt) was started at w\(worker) while it ran there")
        }
        self.workers[worker].handlers[key] = .init(request: request)
        // One that was told to stop and does not is given up after a while, and its slot with it.
        let running = self.workers[worker].handlers.values.count { !$0.isCancelled }
        guard running <= self.workers[worker].slots else {
            throw SimulationViolation(
                "w\(worker) runs \(running) handlers and has \(self.workers[worker].slots) slots")
        }
        self.note("w\(worker) starts \(request.id)/\(request.attempt)")
        self.tasks[task].begun += 1
        if self.tasks[task].begun == 2 { self.report.ranTwice += 1 }
        if case .killsWorkers(let times) = self.tasks[task].behaviour, self.tasks[task].kills < times {
            self.tasks[task].kills += 1
            self.plan(.workerDies(worker), after: self.delay(10...500))
        }
        self.plan(.handlerEnds(worker, key), after: self.tasks[task].work)
    }

    mutating func endHandler(of worker: Int, _ key: AttemptKey) throws {
        guard let handler = self.workers[worker].handlers.removeValue(forKey: key) else { return }
        let request = handler.request
        let outcome = self.outcome(of: key, at: worker, handler)
        self.note("handler of \(request.id)/\(request.attempt) at w\(worker) ends: \(outcome.summary)")
        let before = self.workers[worker].machine.unacknowledgedCount
        // The machine's own bookkeeping is asked before what it says is checked.
        let now = self.moment(clock: self.workers[worker].clock)
        let actions =
            if self.chance(50) {
                self.workers[worker].machine.finished(
                    [.init(id: request.id, attempt: request.attempt, outcome)], at: now)
            } else {
                self.workers[worker].machine.finished(
                    id: request.id, attempt: request.attempt, outcome, at: now)
            }
        if self.workers[worker].machine.unacknowledgedCount > before { self.workers[worker].owed.insert(key) }
        for action in actions where self.workers[worker].isAlive { try self.perform(action, at: worker) }
        if self.settings.mutant == .workerForgetsResultBeforeAcknowledgement, let epoch = self.workers[worker].welcomed
        {
            let reference = TaskReference(id: request.id, attempt: request.attempt, epoch: epoch)
            let id = self.workers[worker].id
            try self.stepWorker(worker) { machine, now in
                machine.received(.acknowledged([reference]), for: id, epoch: epoch, at: now)
            }
        }
    }

    private mutating func outcome(
        of key: AttemptKey, at worker: Int, _ handler: SimulatedWorker.Handler
    ) -> TaskOutcome {
        if handler.isCancelled, !self.chance(5) { return .cancelled(reason: "stopped") }
        switch self.tasks[key.task].behaviour {
        case .fails(let times) where self.tasks[key.task].failures < times:
            self.tasks[key.task].failures += 1
            return .failed(TaskFailure("by chance"))
        case .failsForGood:
            return .failed(TaskFailure("for good", retry: .never))
        case .triesLater(let times) where self.tasks[key.task].failures < times:
            self.tasks[key.task].failures += 1
            return .failed(TaskFailure("not yet", retry: .at(nil)))
        case .growsTooLarge:
            return .completed(TaskResult(.string(String(repeating: "x", count: 5000))))
        default:
            self.tasks[key.task].results.insert(.init(attempt: key.attempt, epoch: 0, worker: worker))
            let tokens: Value? = key.task % 7 == 0 ? ["prompt_tokens": 1] : nil
            return .completed(
                TaskResult(
                    .string("\(self.tasks[key.task].submission.id)/\(key.attempt) by w\(worker)"), tokens: tokens))
        }
    }

    // MARK: - What comes from coordinators

    mutating func receive(_ message: CoordinatorMessage, at worker: Int, epoch: TaskEpoch) throws {
        self.note("w\(worker) hears epoch \(epoch.counter): \(message.summary)")
        switch message {
        case .welcome:
            if !(self.workers[worker].welcomed.map { epoch.isOlder(than: $0) } ?? false) {
                self.workers[worker].welcomed = epoch
            }
        case .acknowledged(let references), .superseded(let references):
            for reference in references {
                guard let task = self.indices[reference.id] else { continue }
                self.workers[worker].owed.remove(AttemptKey(task: task, attempt: reference.attempt))
            }
        case .dispatch(let requests):
            for request in requests {
                guard let task = self.indices[request.id] else { continue }
                for key in self.workers[worker].owed where key.task == task && key.attempt < request.attempt {
                    self.workers[worker].owed.remove(key)
                }
            }
        case .ping, .cancel, .drain:
            break
        }
        let isOld = self.workers[worker].welcomed.map { epoch.isOlder(than: $0) } ?? false
        let taken = isOld && self.settings.mutant == .epochIgnored ? self.workers[worker].welcomed ?? epoch : epoch
        let id = self.workers[worker].id
        let now = self.moment(clock: self.workers[worker].clock)
        let actions = self.workers[worker].machine.received(message, for: id, epoch: taken, at: now)
        guard !isOld || actions.isEmpty else {
            throw SimulationViolation(
                "w\(worker) did as epoch \(epoch.counter) said, though \(self.workers[worker].welcomed?.counter ?? 0) has taken it on: \(message.summary)"
            )
        }
        for action in actions where self.workers[worker].isAlive { try self.perform(action, at: worker) }
    }

    // MARK: - Ends

    /// A worker's process is gone.
    mutating func kill(_ worker: Int) {
        guard self.workers[worker].isAlive else { return }
        self.report.workersKilled += 1
        self.note("w\(worker) dies with \(self.workers[worker].handlers.count) handlers running")
        if let link = self.workers[worker].up { self.abandon(link) }
        self.leaves(worker)
    }

    private mutating func leaves(_ worker: Int) {
        self.workers[worker].isAlive = false
        self.workers[worker].handlers = [:]
        self.workers[worker].owed = []
        self.workers[worker].up = nil
        for link in self.links.indices {
            guard case .down(worker, _) = self.links[link].direction else { continue }
            if self.links[link].isAbandoned { self.links[link].isDead = true }
            self.breaks(link)
        }
        let alive = self.workers.count { $0.isAlive }
        if alive < self.workersWanted { self.plan(.workerStarts, after: self.delay(300...4000)) }
    }
}
