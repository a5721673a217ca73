// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials
import HeapModule
import WeftBus
import WeftValue

extension Dispatcher {
    /// Ends a task for good.
    mutating func end(
        _ id: String, _ state: TaskState, outcome: TaskOutcome, _ step: inout DispatcherStep, at now: Moment
    ) {
        if let place = self.entries.place(of: id) { self.end(at: place, state, outcome: outcome, &step, now) }
    }

    mutating func end(
        at place: Int, _ state: TaskState, outcome: TaskOutcome, _ step: inout DispatcherStep, _ now: Moment
    ) {
        self.unfinishedBytes -= self.entries[place].bytes
        self.release(place)
        let task = self.entries[place].task
        let id = task.id
        if !self.entries[place].isPostponed { self.load.remove(task) }
        for other in self.entries[place].status.awaits { self.successors[other]?.remove(id) }
        if self.entries[place].status.state.isHeld {
            switch outcome {
            case .completed: Self.note("", in: &self.entries[place], at: now)
            case .failed(let failure): Self.note(failure.message, in: &self.entries[place], at: now)
            case .cancelled(let reason): Self.note(reason, in: &self.entries[place], at: now)
            }
        }
        self.entries[place].finish(state, outcome, at: now)
        switch state {
        case .completed: self.counters.completed += 1
        case .cancelled: self.counters.cancelled += 1
        case .expired: self.counters.expired += 1
        default: self.counters.dead += 1
        }
        step.write(&self.entries[place])
        step.complete(&self.entries[place])
        let record = TaskRecord(task: task, status: self.entries[place].status)
        let tag = self.entries[place].tag
        self.finished[id] = DispatcherFinished(self.entries[place].status)
        self.entries.remove(at: place)
        if let item = Self.finalReport(of: record) {
            self.unreported.insert(item.id)
            step.changes.append(.report(item))
            step.reports.append(item)
        }
        step.events.append(.ended(record, tag: tag))
        if !self.successors.isEmpty, self.successors[id] != nil { step.settled.append((id, state, outcome)) }
    }

    /// What a worker said an attempt came to, after it was found to be the current one.
    mutating func settle(_ place: Int, _ outcome: TaskOutcome, _ step: inout DispatcherStep, at now: Moment) {
        let id = self.entries[place].task.id
        switch outcome {
        case .completed(let result):
            guard outcome.approximateBytes <= self.configuration.maximumResultBytes else {
                self.counters.oversizedResults += 1
                let failure = TaskFailure.oversizedResult(
                    bytes: outcome.approximateBytes, limit: self.configuration.maximumResultBytes)
                return self.fail(id, failure, &step, at: now)
            }
            self.end(at: place, .completed, outcome: .completed(result), &step, now)
        case .failed(let failure):
            self.fail(id, failure, &step, at: now)
        case .cancelled(let reason):
            let entry = self.entries[place]
            if let wanted = entry.status.cancelReason {
                self.end(id, .cancelled, outcome: .cancelled(reason: wanted), &step, at: now)
            } else if entry.isExpiring {
                self.endExpired(id, Self.overTotalLimit(entry), &step, at: now)
            } else {
                // Nobody asked for it here: the worker itself had to stop.
                self.giveBack(id, reason: reason, isLoss: false, &step, at: now)
            }
        }
    }

    mutating func fail(_ id: String, _ failure: TaskFailure, _ step: inout DispatcherStep, at now: Moment) {
        guard var entry = self.entries[id] else { return }
        var failure = failure
        failure.message = failure.message.limited(toBytes: TaskDefaults.maximumMessageBytes)
        self.counters.handlerFailures += 1
        entry.status.handlerFailures += 1
        Self.note(failure.message, in: &entry, at: now)
        let isOver = entry.isExpiring || entry.endsAt.map { $0 <= now.monotonic } ?? false
        let failures = entry.status.handlerFailures
        let due: Date
        switch failure.retry {
        case _ where entry.status.cancelReason != nil:
            self.entries[id] = entry
            return self.end(
                id, .cancelled, outcome: .cancelled(reason: entry.status.cancelReason ?? ""), &step, at: now)
        case _ where isOver:
            // What stopped it was the limit on its time in all, even where the worker knew it as one on this attempt.
            self.entries[id] = entry
            return self.end(
                id, .expired, outcome: .failed(TaskFailure(Self.overTotalLimit(entry), retry: .never)), &step, at: now)
        case .at(let date?):
            due = max(date, now.date)
        case .at(nil):
            due = now.date.addingTimeInterval(self.pause(after: failures))
        case .byPolicy where failures < max(1, entry.task.attempts ?? self.configuration.retry.handlerAttempts):
            due = now.date.addingTimeInterval(self.pause(after: failures))
        case .byPolicy, .never:
            self.entries[id] = entry
            return self.end(id, .dead, outcome: .failed(failure), &step, at: now)
        }
        self.leave(&entry, to: .retrying, at: now)
        entry.status.notBefore = due
        entry.dueAt = now.monotonic + Self.time(until: due, now)
        step.write(&entry)
        self.entries[id] = entry
        self.setTimer(.due, entry.dueAt, id)
        step.events.append(
            .retrying(id: id, attempt: entry.status.attempt, error: failure.message, notBefore: due))
    }

    private mutating func pause(after failures: Int) -> Double {
        self.configuration.retry.pause(afterFailure: failures, using: &self.random).inSeconds
    }

    /// Takes a task back from a worker that will not end it, and puts it at its old place in the line.
    ///
    /// - Parameter isLoss: Whether the worker was lost. Only an attempt that had begun then counts as one that may have caused it.
    mutating func giveBack(
        _ id: String, reason: String, isLoss: Bool, _ step: inout DispatcherStep, at now: Moment
    ) {
        guard var entry = self.entries[id] else { return }
        if let wanted = entry.status.cancelReason {
            return self.end(id, .cancelled, outcome: .cancelled(reason: wanted), &step, at: now)
        }
        if entry.isExpiring { return self.endExpired(id, Self.overTotalLimit(entry), &step, at: now) }
        let policy = self.configuration.retry
        Self.note(reason, in: &entry, at: now)
        let isUsedUp: Bool
        if isLoss, entry.status.state == .running {
            self.counters.workerLosses += 1
            entry.status.workerLosses += 1
            isUsedUp = entry.status.workerLosses >= max(1, entry.task.workerLosses ?? policy.workerLossAttempts)
        } else {
            self.counters.returns += 1
            entry.status.returns += 1
            isUsedUp = entry.status.returns >= policy.returnLimit
        }
        self.entries[id] = entry
        if isUsedUp {
            let message =
                "Given up after \(entry.status.attempt) attempts, of which \(entry.status.workerLosses) lost their worker while it ran this task; the last: \(reason)"
            return self.end(id, .dead, outcome: .failed(TaskFailure(message)), &step, at: now)
        }
        self.leave(&entry, to: .queued, at: now)
        step.write(&entry)
        self.entries[id] = entry
        step.events.append(.retrying(id: id, attempt: entry.status.attempt, error: reason, notBefore: nil))
        self.makeReady(id, at: now)
    }

    /// An attempt is over, and the task goes on without a worker.
    private mutating func leave(_ entry: inout DispatcherEntry, to state: TaskState, at now: Moment) {
        self.release(entry.place)
        entry.status.state = state
        entry.status.worker = nil
        entry.status.attemptStartedAt = nil
        entry.status.updatedAt = now.date
        entry.leaseEnd = nil
        entry.stopBy = nil
    }

    /// Notes that the attempt is over, once.
    private static func note(_ error: String, in entry: inout DispatcherEntry, at now: Moment) {
        guard entry.status.attempt > entry.status.history.last?.attempt ?? 0 else { return }
        entry.status.history.append(
            TaskAttempt(
                attempt: entry.status.attempt, worker: entry.status.worker, startedAt: entry.status.attemptStartedAt,
                endedAt: now.date, error: error.limited(toBytes: 4096)))
        if entry.status.history.count > TaskDefaults.attemptsKept { entry.status.history.removeFirst() }
    }

    /// What the platform is told about the end of a task; nil for one that it has nothing to do with.
    static func finalReport(of record: TaskRecord) -> ReportItem? {
        guard record.task.source == .platform, let agentID = record.task.agentID, record.status.reportsEnd,
            let outcome = record.status.outcome
        else { return nil }
        let content: ReportItem.Content
        switch outcome {
        case .completed(let result):
            content = .final(
                status: result.status ?? "completed", result: result.text, tokens: result.tokens,
                usedTools: result.usedTools, format: record.task.payload["output_format"]?.stringValue,
                task: result.tokens.map { _ in record.task.payload })
        case .failed(let failure):
            content = .final(
                status: "error", result: failure.message, tokens: nil, usedTools: [], format: nil, task: nil)
        case .cancelled(let reason):
            content = .final(status: "stopped", result: reason, tokens: nil, usedTools: [], format: nil, task: nil)
        }
        return ReportItem(
            taskID: record.task.id, agentID: agentID, requeues: record.status.requeues, content: content)
    }
}

extension TaskFailure {
    /// The failure of a task whose result is too large to be carried.
    static func oversizedResult(bytes: Int, limit: Int) -> Self {
        TaskFailure(
            "The result has about \(bytes) bytes, more than the \(limit) allowed; store it elsewhere and return its address.",
            retry: .never)
    }
}
