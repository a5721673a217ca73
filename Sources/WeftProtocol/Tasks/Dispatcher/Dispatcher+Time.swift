// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HeapModule
import WeftBus

extension Dispatcher {
    /// Time has passed: pauses and limits end, leases run out, pings are due.
    public mutating func tick(at now: Moment) -> [DispatcherAction] {
        var step = self.beginStep()
        self.noticeClockJump(&step, at: now)
        while let timer = self.timers.min, timer.due <= now.monotonic {
            self.timers.removeMin()
            self.fire(timer, &step, at: now)
        }
        self.load.isStale = true
        for worker in self.workers.keys.sorted() { self.check(worker, &step, at: now) }
        return self.finish(&step, at: now)
    }

    mutating func setTimer(_ kind: DispatcherTimer.Kind, _ due: MonotonicTime?, _ id: String) {
        guard let due else { return }
        self.timers.insert(DispatcherTimer(due: due, kind: kind, id: id))
        // A task that has ended leaves its timers behind.
        guard self.timers.count > 8 * self.entries.count + self.queues.count + 4096 else { return }
        self.timers = Heap(self.timers.unordered.filter { self.isValid($0) })
    }

    /// Whether a timer still means what it meant when it was set.
    private func isValid(_ timer: DispatcherTimer) -> Bool {
        guard timer.kind != .token else { return self.queues.number(of: timer.id) != nil }
        guard let entry = self.entries[timer.id] else { return false }
        return switch timer.kind {
        case .due: entry.dueAt == timer.due
        case .wait: entry.waitEndsAt == timer.due
        case .total: entry.endsAt == timer.due
        case .stop: entry.stopBy == timer.due
        case .orphan: entry.leaseEnd == timer.due && self.isOrphan(entry)
        case .token: false
        }
    }

    func isOrphan(_ entry: DispatcherEntry) -> Bool {
        entry.status.worker.map { self.orphans[$0]?.contains(entry.task.id) ?? false } ?? false
    }

    private mutating func fire(_ timer: DispatcherTimer, _ step: inout DispatcherStep, at now: Moment) {
        guard self.isValid(timer) else { return }
        let id = timer.id
        switch timer.kind {
        case .due: self.becomeDue(id, at: now)
        case .wait: self.waitedTooLong(id, &step, at: now)
        case .total: self.tookTooLong(id, &step, at: now)
        case .stop: self.didNotStop(id, &step, at: now)
        case .orphan:
            self.giveBack(
                id, reason: "its worker did not come back after the coordinator's restart", isLoss: true, &step, at: now
            )
        case .token:
            guard let number = self.queues.number(of: id) else { return }
            self.queues[number].hasTokenTimer = false
            self.list(number)
        }
    }

    /// A task need wait no longer for its time.
    mutating func becomeDue(_ id: String, at now: Moment) {
        guard var entry = self.entries[id] else { return }
        entry.dueAt = nil
        entry.status.state = .queued
        entry.status.notBefore = nil
        if entry.isPostponed {
            entry.isPostponed = false
            self.load.add(entry.task)
        }
        self.entries[id] = entry
        self.makeReady(id, at: now)
    }

    // MARK: - Limits

    private mutating func waitedTooLong(_ id: String, _ step: inout DispatcherStep, at now: Moment) {
        guard var entry = self.entries[id] else { return }
        if entry.status.state.isHeld, self.isOrphan(entry) {
            // Its worker may have begun it while nobody was there to hear of it.
            entry.waitEndsAt = entry.leaseEnd.map { $0 + .milliseconds(1) }
            self.entries[id] = entry
            self.setTimer(.wait, entry.waitEndsAt, id)
        } else {
            self.expire(
                id, "No worker has begun it within \(Self.text(entry.task.waitLimit)) of its being able to.", &step,
                at: now)
        }
    }

    private mutating func tookTooLong(_ id: String, _ step: inout DispatcherStep, at now: Moment) {
        guard var entry = self.entries[id] else { return }
        guard entry.status.state.isHeld else {
            return self.expire(id, Self.overTotalLimit(entry), &step, at: now)
        }
        // The handler is asked to stop; a result that is on its way still counts.
        entry.isExpiring = true
        let grace = self.isOrphan(entry) ? self.configuration.reclaimGrace : .zero
        entry.stopBy = now.monotonic + self.configuration.limitGrace + grace
        self.entries[id] = entry
        self.setTimer(.stop, entry.stopBy, id)
        self.sendCancel(of: entry, &step)
    }

    /// A handler has not stopped when its time was over: the attempt is taken from it, so that what it comes to counts no more.
    private mutating func didNotStop(_ id: String, _ step: inout DispatcherStep, at now: Moment) {
        guard let entry = self.entries[id], entry.status.state.isHeld else { return }
        self.counters.overruns += 1
        if entry.isExpiring {
            self.expire(id, Self.overTotalLimit(entry), &step, at: now)
        } else {
            self.supersede(entry, &step)
            self.fail(
                id,
                TaskFailure(
                    "The handler ran longer than its time limit of \(Self.text(entry.task.timeLimit)) and did not stop when it was asked to."
                ), &step, at: now)
            self.forgetWorker(of: id)
        }
    }

    /// Ends a task because one of its limits has passed, whoever holds it.
    private mutating func expire(_ id: String, _ message: String, _ step: inout DispatcherStep, at now: Moment) {
        guard let entry = self.entries[id] else { return }
        self.supersede(entry, &step)
        if let wanted = entry.status.cancelReason {
            self.end(id, .cancelled, outcome: .cancelled(reason: wanted), &step, at: now)
        } else {
            self.endExpired(id, message, &step, at: now)
        }
        self.forgetWorker(of: id)
    }

    mutating func endExpired(_ id: String, _ message: String, _ step: inout DispatcherStep, at now: Moment) {
        self.end(id, .expired, outcome: .failed(TaskFailure(message, retry: .never)), &step, at: now)
    }

    /// The attempt was taken from its worker, so what that says of it is not what ended the task.
    private mutating func forgetWorker(of id: String) {
        self.finished[id]?.worker = nil
    }

    /// Tells a worker that what it holds is no longer its own.
    func supersede(_ entry: DispatcherEntry, _ step: inout DispatcherStep) {
        guard let worker = entry.status.worker, entry.status.state.isHeld, self.workers[worker] != nil else { return }
        step.send(.superseded([self.reference(to: entry)]), to: worker)
    }

    /// Asks a worker to stop a handler, when there is a reason to.
    func sendCancel(of entry: DispatcherEntry, _ step: inout DispatcherStep) {
        guard let worker = entry.status.worker, entry.status.state.isHeld, self.workers[worker] != nil else { return }
        let reason = entry.status.cancelReason ?? (entry.isExpiring ? "Its time in all is over." : nil)
        if let reason { step.send(.cancel(self.reference(to: entry), reason: reason), to: worker) }
    }

    static func overTotalLimit(_ entry: DispatcherEntry) -> String {
        let last = entry.status.history.last.map { $0.error.isEmpty ? "" : " Its last error: \($0.error)" } ?? ""
        return "It had not ended within \(self.text(entry.task.totalLimit)).\(last)"
    }

    private static func text(_ limit: Duration?) -> String { limit.map { "\($0)" } ?? "its limit" }

    // MARK: - Clocks

    /// The wall clock may be put forward or back; what waits does not care, but the dates that the ledger keeps of it must follow.
    private mutating func noticeClockJump(_ step: inout DispatcherStep, at now: Moment) {
        let passed = (now.monotonic - self.lastMoment.monotonic).inSeconds
        let jump = now.date.timeIntervalSince(self.lastMoment.date) - passed
        self.lastMoment = now
        guard abs(jump) >= Self.clockTolerance else { return }
        self.counters.clockJumps += 1
        step.events.append(.clockJumped(seconds: jump))
        for var entry in Array(self.entries.values) {
            guard entry.dueAt != nil || entry.waitEndsAt != nil || entry.endsAt != nil else { continue }
            func date(_ time: MonotonicTime) -> Date { now.date.addingTimeInterval((time - now.monotonic).inSeconds) }
            if let due = entry.dueAt { entry.status.notBefore = date(due) }
            if let end = entry.endsAt { entry.status.endsBy = date(end) }
            if let end = entry.waitEndsAt, let limit = entry.task.waitLimit {
                entry.status.waitsSince = date(end).addingTimeInterval(-limit.inSeconds)
            }
            step.write(&entry)
            self.entries[entry.place] = entry
        }
    }

    /// How far the clocks may drift apart between two looks, in seconds: more is a jump.
    private static let clockTolerance = 2.0
}
