// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftValue

extension Dispatcher {
    /// Whether the ledger must be asked about this id before ``accept(_:stored:at:)``: the dispatcher itself has no record of it.
    public func mustLookUp(_ id: String) -> Bool {
        self.entries[id] == nil
    }

    /// Whether the task is among those that have ended lately, so that the ledger has it or is about to.
    public func hasEnded(_ id: String) -> Bool {
        self.finished[id] != nil
    }

    /// Takes a task, once: while it runs a second delivery changes nothing, and after its end the stored outcome is reported again.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - stored: What the ledger has under this id, looked up when ``mustLookUp(_:)`` says so.
    ///   - predecessors: What the ledger has of the tasks that this one comes after, looked up likewise.
    ///   - now: The time.
    public mutating func accept(
        _ task: TaskSubmission, stored: TaskRecord?, predecessors: [String: TaskRecord] = [:], at now: Moment
    ) -> [DispatcherAction] {
        var step = self.beginStep()
        self.admit(TaskIntake(task, stored: stored, predecessors: predecessors), &step, at: now)
        return self.finish(&step, at: now)
    }

    /// Takes tasks in this order, each as ``accept(_:stored:predecessors:at:)`` does; what follows from all of them is decided at once.
    ///
    /// - Returns: For each task where it is now, or why it was not taken, in place of an announcement, which holds once the actions are
    ///   performed; and the actions.
    public mutating func accept(
        _ intake: [TaskIntake], at now: Moment
    ) -> (answers: [Result<TaskState, TaskRefusal>], actions: [DispatcherAction]) {
        var step = self.beginStep()
        var answers: [Result<TaskState, TaskRefusal>] = []
        answers.reserveCapacity(intake.count)
        step.answers = answers
        for one in intake { self.admit(one, &step, at: now) }
        answers = step.answers ?? []
        return (answers, self.finish(&step, at: now))
    }

    private mutating func admit(_ intake: TaskIntake, _ step: inout DispatcherStep, at now: Moment) {
        let task = intake.task
        if let place = self.entries.place(of: task.id) {
            let known = self.entries[place]
            self.repeated(task, known.task, known.status.state, &step)
        } else if let stored = intake.stored {
            // What has ended anew since the ledger was asked is reported anew already; its former end must not come after that.
            let isFormer = self.finished[task.id].map { $0.requeues != stored.status.requeues } ?? false
            if self.repeated(task, stored.task, stored.status.state, &step), !isFormer {
                self.reportAgain(stored, &step)
            }
        } else if let recent = self.finished[task.id] {
            // It ended after the ledger was asked.
            self.counters.repeated += 1
            step.answer(.success(recent.state), .repeated(id: task.id, state: recent.state))
        } else if let refusal = self.refusal(of: task) {
            self.counters.refused += 1
            if refusal.code == .tooLarge, task.source == .platform {
                self.bury(task.id, agentID: task.agentID, error: refusal.message, &step, at: now)
            }
            step.answer(.failure(refusal), .refused(id: task.id, refusal))
        } else {
            switch self.awaited(by: task, stored: intake.predecessors) {
            case .failure(let refusal):
                self.counters.refused += 1
                step.answer(.failure(refusal), .refused(id: task.id, refusal))
            case .success(let awaits):
                self.counters.accepted += 1
                var status = LedgerStatus(acceptedAt: now.date)
                status.awaits = awaits
                status.notBefore = task.notBefore
                var entry = DispatcherEntry(task: task, status: status, order: self.takeOrder())
                entry.tag = intake.tag
                self.beginLife(of: &entry, at: now)
                let place = self.insert(entry)
                step.accept(&self.entries[place])
                self.makeReady(at: place, now)
                step.answer(.success(.queued), .accepted(id: task.id))
            }
        }
    }

    /// Something came under the id of a task that is known.
    ///
    /// - Returns: Whether it is that task.
    @discardableResult
    private mutating func repeated(
        _ task: TaskSubmission, _ known: TaskSubmission, _ state: TaskState, _ step: inout DispatcherStep
    ) -> Bool {
        guard Self.conflicts(known, task) else {
            self.counters.repeated += 1
            step.answer(.success(state), .repeated(id: task.id, state: state))
            return true
        }
        self.counters.conflicts += 1
        if task.source == .platform {
            // The platform cannot be refused a task; the first one counts, and someone should look into it.
            step.answer(.success(state), .conflict(id: task.id, state: state))
            return known.source == .platform
        }
        self.counters.refused += 1
        let refusal = TaskRefusal(
            .conflict, "A different task with this id exists and is \(state.rawValue); give this one another id.")
        step.answer(.failure(refusal), .refused(id: task.id, refusal))
        return false
    }

    /// A task came from the platform of which only the id could be read: it ends as a dead letter, and the platform is told why.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - agentID: The agent on whose stream it came.
    ///   - reason: What could not be read.
    ///   - stored: What the ledger has under this id.
    ///   - now: The time.
    public mutating func acceptUnreadable(
        id: String, agentID: String, reason: String, stored: TaskRecord?, at now: Moment
    ) -> [DispatcherAction] {
        var step = self.beginStep()
        self.counters.refused += 1
        if self.entries[id] == nil {
            if let stored {
                self.reportAgain(stored, &step)
            } else {
                self.bury(id, agentID: agentID, error: reason, &step, at: now)
            }
        }
        return self.finish(&step, at: now)
    }

    /// Ends a task on someone's request: at once when nobody runs it, otherwise as soon as its handler has stopped.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - reason: Why, for the handler and the record.
    ///   - byPlatform: Whether the platform asked, which then need not be told.
    ///   - now: The time.
    public mutating func cancel(
        _ id: String, reason: String, byPlatform: Bool = false, at now: Moment
    ) -> [DispatcherAction] {
        var step = self.beginStep()
        guard var entry = self.entries[id], entry.status.cancelReason == nil else { return [] }
        entry.status.cancelReason = reason.limited(toBytes: TaskDefaults.maximumMessageBytes)
        entry.status.reportsEnd = !byPlatform
        entry.status.updatedAt = now.date
        self.entries[id] = entry
        if entry.status.state.isHeld {
            step.write(&entry)
            self.entries[id] = entry
            self.sendCancel(of: entry, &step)
        } else {
            self.end(id, .cancelled, outcome: .cancelled(reason: reason), &step, at: now)
        }
        return self.finish(&step, at: now)
    }

    /// Accepts nothing more; what is accepted still runs.
    ///
    /// - Parameters:
    ///   - dealsOn: Whether what is queued is still dealt; it need not be when the ledger keeps it for the next coordinator.
    ///   - now: The time.
    public mutating func drain(dealsOn: Bool = true, at now: Moment) -> [DispatcherAction] {
        var step = self.beginStep()
        self.isDraining = true
        self.isDealing = dealsOn
        return self.finish(&step, at: now)
    }

    /// Ends everything that has not ended, because nobody will be there to end it: the truth for a ledger that does not outlive us.
    public mutating func abandonAll(reason: String, at now: Moment) -> [DispatcherAction] {
        var step = self.beginStep()
        self.isDraining = true
        for entry in self.entries.values.sorted(by: { $0.order < $1.order }) {
            self.supersede(entry, &step)
            self.end(entry.task.id, .dead, outcome: .failed(TaskFailure(reason)), &step, at: now)
        }
        return self.finish(&step, at: now)
    }

    /// The platform took a report, or refused it for good.
    public mutating func reportSettled(_ item: ReportItem, at now: Moment) -> [DispatcherAction] {
        var step = self.beginStep()
        if self.unreported.remove(item.id) != nil || !item.isFinal {
            step.changes.append(.reported(id: item.id))
        }
        return self.finish(&step, at: now)
    }

    private mutating func reportAgain(_ stored: TaskRecord, _ step: inout DispatcherStep) {
        guard stored.status.state.isFinal, var item = Self.finalReport(of: stored) else { return }
        if case .final(let status, let result, let tokens, let usedTools, let format, _) = item.content {
            // The end is said again with the same body, but its tokens are not counted again.
            item.content = .final(
                status: status, result: result, tokens: tokens, usedTools: usedTools, format: format, task: nil)
        }
        if self.unreported.insert(item.id).inserted {
            step.changes.append(.report(item))
            step.reports.append(item)
        }
    }

    /// Records a task that never could run.
    private mutating func bury(
        _ id: String, agentID: String?, error: String, _ step: inout DispatcherStep, at now: Moment
    ) {
        let task = TaskSubmission(id: id, source: .platform, agentID: agentID, payload: .null)
        let entry = DispatcherEntry(task: task, status: LedgerStatus(acceptedAt: now.date), order: self.takeOrder())
        let place = self.insert(entry)
        step.accept(&self.entries[place])
        self.end(id, .dead, outcome: .failed(TaskFailure(error, retry: .never)), &step, at: now)
    }
}

extension String {
    /// The text, cut off after so many bytes.
    package func limited(toBytes limit: Int) -> String {
        self.utf8.count <= limit ? self : String(decoding: self.utf8.prefix(limit), as: UTF8.self)
    }
}
