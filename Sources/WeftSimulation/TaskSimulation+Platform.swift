// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

extension TaskSimulation {
    /// The platform has a new task, and says so to whoever listens.
    mutating func createAtPlatform(_ task: Int) {
        self.tasks[task].isAtPlatform = true
        guard self.isStreamUp else { return }
        self.plan(.fromPlatform(task, life: self.life), after: self.delay(1...50))
        if self.chance(3) { self.plan(.fromPlatform(task, life: self.life), after: self.delay(1...5000)) }
    }

    mutating func fromPlatform(_ task: Int, life: Int) throws {
        guard self.isUp, life == self.life, !self.isDraining, !self.isOver(task) else { return }
        guard self.time >= self.pausedUntil else {
            return self.plan(.fromPlatform(task, life: life), at: self.pausedUntil)
        }
        self.lookUp(task, for: .delivery)
    }

    /// Whether the platform takes the task to have ended.
    private func isOver(_ task: Int) -> Bool { self.tasks[task].isStopped || !self.tasks[task].finals.isEmpty }

    /// A stream stands, and the coordinator asks what the platform has for it.
    mutating func registered(life: Int, stream: Int) {
        guard self.isUp, life == self.life, stream == self.stream else { return }
        guard self.time >= max(self.outageUntil, self.pausedUntil) else {
            return self.plan(.registered(life: life, stream: stream), after: self.delay(300...3000))
        }
        self.isStreamUp = true
        self.note("the platform's stream stands")
        for task in self.tasks.indices where self.tasks[task].isAtPlatform && !self.isOver(task) {
            self.plan(.fromPlatform(task, life: life), after: self.delay(5...100))
        }
        // Streams do not stand for ever.
        self.plan(.registered(life: life, stream: stream), after: 30_000_000)
    }

    mutating func breakStream() {
        self.isStreamUp = false
        self.stream += 1
        self.plan(.registered(life: self.life, stream: self.stream), after: self.delay(200...3000))
    }

    /// The coordinator asks which of its tasks the platform has stopped.
    mutating func poll(life: Int) throws {
        guard self.isUp, life == self.life else { return }
        self.plan(.poll(life: life), after: 10_000_000)
        guard self.time >= max(self.outageUntil, self.pausedUntil) else { return }
        for task in self.tasks.indices where self.tasks[task].isStopped {
            let id = self.tasks[task].submission.id
            guard self.dispatcher.record(of: id) != nil else { continue }
            try self.step { dispatcher, now in
                dispatcher.cancel(id, reason: "The platform stopped the task.", byPlatform: true, at: now)
            }
        }
    }

    /// Somebody stops a task at the platform.
    ///
    /// - Returns: Whether there was one to stop.
    mutating func stopAtPlatform() -> Bool {
        let open = self.tasks.indices.filter { self.tasks[$0].isAtPlatform && !self.isOver($0) }
        guard let task = self.pick(open) else { return false }
        self.note("somebody stops \(self.tasks[task].submission.id) at the platform")
        self.tasks[task].isStopped = true
        if !self.tasks[task].isTold {
            // It will not come again.
            self.tasks[task].isTold = true
            self.untold -= 1
        }
        return true
    }

    // MARK: - Updates

    mutating func perform(_ actions: [ReportOutboxAction]) throws {
        for action in actions {
            switch action {
            case .send(let item):
                self.plan(.update(item, isMetrics: false, life: self.life), after: self.delay(1...80))
            case .sendMetrics(let item):
                self.plan(.update(item, isMetrics: true, life: self.life), after: self.delay(1...80))
            case .settled(let item, _):
                if !item.isFinal { self.releases.append(item.taskID) }
                try self.step { dispatcher, now in dispatcher.reportSettled(item, at: now) }
            }
        }
    }

    /// An update reaches the platform, or does not.
    mutating func update(_ item: ReportItem, isMetrics: Bool, life: Int) throws {
        guard self.isUp, life == self.life, let task = self.indices[item.taskID] else { return }
        let back = self.delay(1...60)
        guard self.outageUntil <= self.time, !self.chance(3) else {
            return self.plan(.answer(item, .failed("503", pause: nil), isOver: false, life: life), after: back)
        }
        if self.tasks[task].isRefused, item.isFinal, !isMetrics {
            return self.plan(.answer(item, .refused("404"), isOver: false, life: life), after: back)
        }
        let isOver = self.isOver(task)
        if !isMetrics { try self.take(item, of: task) }
        let outcome: ReportOutcome = self.chance(3) ? .failed("the answer was lost", pause: nil) : .taken
        self.plan(.answer(item, outcome, isOver: isOver && outcome == .taken, life: life), after: back)
    }

    private mutating func take(_ item: ReportItem, of task: Int) throws {
        self.note("the platform takes \(item.id)")
        guard item.isFinal else {
            let requeues = self.ledger.entries[item.taskID]?.record.status.requeues ?? 0
            guard self.tasks[task].finals[requeues] == nil else {
                throw SimulationViolation("\(item.taskID) was said to be executing after its end")
            }
            self.tasks[task].executings += 1
            return
        }
        if let before = self.tasks[task].finals[item.requeues], !before.isSameEnd(as: item) {
            throw SimulationViolation("two different final updates for \(item.taskID): \(before) and \(item)")
        }
        guard self.tasks[task].finals.keys.allSatisfy({ $0 <= item.requeues }) else {
            throw SimulationViolation("\(item.taskID)'s former end came to the platform after a later one")
        }
        self.tasks[task].finals[item.requeues] = item
        self.tell(item.taskID)
    }

    mutating func answered(_ item: ReportItem, _ outcome: ReportOutcome, isOver: Bool) throws {
        var outcome = outcome
        if self.settings.mutant == .outboxForgetsAfterTheFirstFailure, case .failed = outcome, item.isFinal {
            outcome = .refused("forgotten")
        }
        try self.perform(self.outbox.sent(item, outcome, at: self.now.monotonic))
        guard isOver, !item.isFinal else { return }
        try self.step { dispatcher, now in
            dispatcher.cancel(item.taskID, reason: "The platform stopped the task.", byPlatform: true, at: now)
        }
    }
}

extension ReportItem {
    /// Whether two updates say the same about an end; the metrics beside it may be left out the second time.
    fileprivate func isSameEnd(as other: ReportItem) -> Bool {
        guard case .final(let status, let result, let tokens, let tools, let format, _) = self.content,
            case .final(let otherStatus, let otherResult, let otherTokens, let otherTools, let otherFormat, _) =
                other.content
        else { return false }
        return status == otherStatus && result == otherResult && tokens == otherTokens && tools == otherTools
            && format == otherFormat
    }
}
