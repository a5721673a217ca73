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
        var step = DispatcherStep()
        if let known = self.entries[task.id] {
            self.repeated(task, known.task, known.status.state, &step)
        } else if let stored {
            // What has ended anew since the ledger was asked is reported anew already; its former end must not come after that.
            let isFormer = self.finished[task.id].map { $0.requeues != stored.status.requeues } ?? false
            if self.repeated(task, stored.task, stored.status.state, &step), !isFormer {
                self.reportAgain(stored, &step)
            }
        } else if let recent = self.finished[task.id] {
            // It ended after the ledger was asked.
            self.counters.repeated += 1
            step.events.append(.repeated(id: task.id, state: recent.state))
        } else if let refusal = self.refusal(of: task) {
            self.counters.refused += 1
            if refusal.code == .tooLarge, task.source == .platform {
                self.bury(task.id, agentID: task.agentID, error: refusal.message, &step, at: now)
            }
            step.events.append(.refused(id: task.id, refusal))
        } else {
            switch self.awaited(by: task, stored: predecessors) {
            case .failure(let refusal):
                self.counters.refused += 1
                step.events.append(.refused(id: task.id, refusal))
            case .success(let awaits):
                self.counters.accepted += 1
                var status = LedgerStatus(acceptedAt: now.date)
                status.awaits = awaits
                status.notBefore = task.notBefore
                var entry = DispatcherEntry(task: task, status: status, order: self.takeOrder())
                self.beginLife(of: &entry, at: now)
                self.insert(entry)
                step.changes.append(.accepted(TaskRecord(task: task, status: entry.status)))
                self.makeReady(task.id, at: now)
                step.events.append(.accepted(id: task.id))
            }
        }
        return self.finish(&step, at: now)
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
            step.events.append(.repeated(id: task.id, state: state))
            return true
        }
        self.counters.conflicts += 1
        if task.source == .platform {
            // The platform cannot be refused a task; the first one counts, and someone should look into it.
            step.events.append(.conflict(id: task.id, state: state))
            return known.source == .platform
        }
        self.counters.refused += 1
        step.events.append(
            .refused(
                id: task.id,
                TaskRefusal(
                    .conflict,
                    "A different task with this id exists and is \(state.rawValue); give this one another id.")))
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
        var step = DispatcherStep()
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
        var step = DispatcherStep()
        guard var entry = self.entries[id], entry.status.cancelReason == nil else { return [] }
        entry.status.cancelReason = reason.limited(toBytes: TaskDefaults.maximumMessageBytes)
        entry.status.reportsEnd = !byPlatform
        entry.status.updatedAt = now.date
        self.entries[id] = entry
        if entry.status.state.isHeld {
            step.changes.append(.status(id: id, entry.status))
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
        var step = DispatcherStep()
        self.isDraining = true
        self.isDealing = dealsOn
        return self.finish(&step, at: now)
    }

    /// Ends everything that has not ended, because nobody will be there to end it: the truth for a ledger that does not outlive us.
    public mutating func abandonAll(reason: String, at now: Moment) -> [DispatcherAction] {
        var step = DispatcherStep()
        self.isDraining = true
        for (id, entry) in self.entries.sorted(by: { $0.value.order < $1.value.order }) {
            self.supersede(entry, &step)
            self.end(id, .dead, outcome: .failed(TaskFailure(reason)), &step, at: now)
        }
        return self.finish(&step, at: now)
    }

    /// The platform took a report, or refused it for good.
    public mutating func reportSettled(_ item: ReportItem, at now: Moment) -> [DispatcherAction] {
        var step = DispatcherStep()
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
        self.insert(entry)
        step.changes.append(.accepted(TaskRecord(task: task, status: entry.status)))
        self.end(id, .dead, outcome: .failed(TaskFailure(error, retry: .never)), &step, at: now)
    }
}

extension String {
    /// The text, cut off after so many bytes.
    package func limited(toBytes limit: Int) -> String {
        self.utf8.count <= limit ? self : String(decoding: self.utf8.prefix(limit), as: UTF8.self)
    }
}
