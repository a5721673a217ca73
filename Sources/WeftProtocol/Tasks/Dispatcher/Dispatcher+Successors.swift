// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus

extension Dispatcher {
    /// Lets those go on that waited for a task, or ends them when it has not completed.
    ///
    /// What it decides is written with the predecessor's own end, so after a restart nobody need ask how that ended.
    ///
    /// - Parameter outcome: How the task ended; nil when nobody knows it any more.
    mutating func settleSuccessors(
        of first: String, outcome: (state: TaskState, outcome: TaskOutcome)?, _ step: inout DispatcherStep,
        at now: Moment
    ) {
        guard let waiting = self.successors.removeValue(forKey: first) else { return }
        let sorted = waiting.compactMap { self.entries[$0] }.sorted { $0.order < $1.order }
        for var entry in sorted where entry.status.awaits.contains(first) {
            let id = entry.task.id
            guard outcome?.state == .completed else {
                let how = outcome.map { "is \($0.state.rawValue)" } ?? "is not known any more"
                self.end(
                    id, .dead,
                    outcome: .failed(
                        TaskFailure("Task \(first), which must complete before this one, \(how).", retry: .never)),
                    &step, at: now)
                continue
            }
            entry.status.awaits.removeAll { $0 == first }
            entry.status.updatedAt = now.date
            if entry.status.awaits.isEmpty {
                self.beginWaiting(&entry, at: now)
                if entry.dueAt == nil {
                    entry.isPostponed = false
                    self.load.add(entry.task)
                }
            }
            step.write(&entry)
            self.entries[id] = entry
            self.setTimer(.due, entry.dueAt, id)
            self.setTimer(.wait, entry.waitEndsAt, id)
            self.makeReady(id, at: now)
        }
    }

    /// The tasks that a submission waits for, or why it cannot be taken.
    ///
    /// - Parameter stored: What the ledger has of those that the dispatcher does not hold.
    func awaited(
        by task: TaskSubmission, stored: [String: TaskRecord]
    ) -> Result<[String], TaskRefusal> {
        var awaits: [String] = []
        for id in task.after where !awaits.contains(id) {
            if self.entries[id] != nil {
                awaits.append(id)
            } else if let state = self.finished[id]?.state ?? stored[id]?.status.state {
                guard state == .completed else {
                    return .failure(
                        TaskRefusal(
                            .invalid,
                            "Task \(id), which must complete before this one, is \(state.rawValue); requeue it first, or leave it out."
                        ))
                }
            } else {
                return .failure(
                    TaskRefusal(
                        .invalid,
                        "Task \(id), which must complete before this one, is not known; submit it first."))
            }
        }
        return .success(awaits)
    }
}
