// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Dispatcher {
    /// Lets a task run again on someone's request: one that has ended otherwise than with a result begins anew, under the same id and
    /// with its next attempt; one that waits for its time need wait no longer.
    ///
    /// Its caps and limits count from now; what happened before stays in its history. Where that cannot be, `refused` is announced.
    ///
    /// - Parameters:
    ///   - record: The task as the ledger has it.
    ///   - now: The time.
    public mutating func requeue(_ record: TaskRecord, at now: Moment) -> [DispatcherAction] {
        var step = self.beginStep()
        let id = record.task.id
        if let entry = self.entries[id] {
            if entry.dueAt != nil {
                self.becomeDue(id, at: now)
                step.events.append(.requeued(id: id))
            } else {
                self.refuse(id, Self.cannotRequeue(entry.status.state), &step)
            }
        } else if let recent = self.finished[id],
            recent.state != record.status.state || recent.attempt != record.status.attempt
                || recent.requeues != record.status.requeues
        {
            // It has run, or at least been queued, since the ledger was asked.
            self.refuse(id, Self.cannotRequeue(recent.state), &step)
        } else if ![.dead, .cancelled, .expired].contains(record.status.state) {
            self.refuse(id, Self.cannotRequeue(record.status.state), &step)
        } else if self.isDraining {
            self.refuse(id, TaskRefusal(.draining, "The coordinator is stopping; requeue the task later."), &step)
        } else {
            self.counters.requeued += 1
            if self.unreported.remove(ReportItem.finalID(of: id, requeues: record.status.requeues)) != nil {
                // What the platform has not heard of yet is no longer true.
                let report = ReportItem.finalID(of: id, requeues: record.status.requeues)
                step.changes.append(.reported(id: report))
                step.withdrawals.append((id, report))
            }
            var status = record.status
            status.state = .queued
            status.worker = nil
            status.requeues += 1
            status.handlerFailures = 0
            status.workerLosses = 0
            status.returns = 0
            status.notBefore = nil
            status.attemptStartedAt = nil
            // Whoever asks for it now knows how those have ended that have.
            status.awaits = record.task.after.filter { self.entries[$0] != nil }
            status.cancelReason = nil
            status.reportsEnd = true
            status.outcome = nil
            status.updatedAt = now.date
            var entry = DispatcherEntry(task: record.task, status: status, order: self.takeOrder())
            self.beginLife(of: &entry, at: now)
            // Written whole: the ledger may have forgotten it since it was looked up.
            let place = self.insert(entry)
            step.accept(&self.entries[place])
            self.makeReady(at: place, now)
            step.events.append(.requeued(id: id))
        }
        return self.finish(&step, at: now)
    }

    /// Removes a dead letter on someone's request.
    ///
    /// - Parameters:
    ///   - record: The task as the ledger has it.
    ///   - now: The time.
    public mutating func drop(_ record: TaskRecord, at now: Moment) -> [DispatcherAction] {
        var step = self.beginStep()
        let id = record.task.id
        let state = self.entries[id]?.status.state ?? self.finished[id]?.state ?? record.status.state
        if state == .dead {
            self.counters.dropped += 1
            self.finished[id] = nil
            step.changes.append(.removed(id: id))
            step.events.append(.dropped(id: id))
        } else {
            self.refuse(
                id, TaskRefusal(.invalid, "The task is \(state.rawValue); only a dead letter can be dropped."), &step)
        }
        return self.finish(&step, at: now)
    }

    private static func cannotRequeue(_ state: TaskState) -> TaskRefusal {
        TaskRefusal(
            .invalid,
            "The task is \(state.rawValue); only one that is dead, cancelled or expired can be queued again, or one that waits for its time."
        )
    }

    private mutating func refuse(_ id: String, _ refusal: TaskRefusal, _ step: inout DispatcherStep) {
        self.counters.refused += 1
        step.events.append(.refused(id: id, refusal))
    }
}
