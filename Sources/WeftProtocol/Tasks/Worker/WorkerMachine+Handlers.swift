// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
public import WeftValue

extension WorkerMachine {
    /// A handler ended.
    public mutating func finished(
        id: String, attempt: Int, _ outcome: TaskOutcome, at now: Moment
    ) -> [WorkerAction] {
        let key = Key(id: id, attempt: attempt)
        guard var held = self.held[key] else { return [] }
        var outcome = outcome
        switch held.phase {
        case .stopping(.abandoned):
            self.held[key] = nil
            return self.startWaiting(at: now) + self.leaveIfDone()
        case .stopping(.cancelled(let reason)):
            if case .completed = outcome {} else { outcome = .cancelled(reason: reason) }
        case .stopping(.expired):
            if case .completed = outcome {
            } else {
                outcome = .failed(TaskFailure("The task ran longer than its time limit and was stopped."))
            }
        case .running:
            break
        case .waiting, .finished:
            return []
        }
        if outcome.approximateBytes > self.configuration.maximumResultBytes {
            self.counters.oversizedResults += 1
            outcome = .failed(
                .oversizedResult(bytes: outcome.approximateBytes, limit: self.configuration.maximumResultBytes))
        }
        switch outcome {
        case .completed: self.counters.completed += 1
        case .failed: self.counters.failed += 1
        case .cancelled: self.counters.cancelled += 1
        }
        held.phase = .finished(outcome, sentAt: self.isRegistered ? now.monotonic : nil)
        self.held[key] = held
        var actions: [WorkerAction] = []
        if self.isRegistered { actions.append(.send(.result(held.reference, outcome))) }
        return actions + self.startWaiting(at: now)
    }

    /// A handler reported progress.
    public mutating func progressed(id: String, attempt: Int, _ value: Value, at now: Moment) -> [WorkerAction] {
        guard self.isRegistered, let held = self.held[Key(id: id, attempt: attempt)], held.phase == .running else {
            return []
        }
        return [.send(.progress(held.reference, value))]
    }

    mutating func cancel(_ key: Key, _ cause: Cause, _ reason: String, at now: Moment) -> [WorkerAction] {
        guard var held = self.held[key] else { return [] }
        switch held.phase {
        case .running:
            held.phase = .stopping(cause)
            self.held[key] = held
            return [.cancel(id: key.id, attempt: key.attempt, reason: reason)]
        case .waiting:
            let outcome = TaskOutcome.cancelled(reason: reason)
            self.waiting.removeAll { $0 == key }
            held.phase = .finished(outcome, sentAt: now.monotonic)
            self.held[key] = held
            return [.send(.result(held.reference, outcome))]
        case .stopping, .finished:
            return []
        }
    }

    /// Lets go of an attempt that is no longer ours.
    mutating func abandon(_ key: Key, reason: String) -> [WorkerAction] {
        guard var held = self.held[key] else { return [] }
        switch held.phase {
        case .waiting:
            self.counters.superseded += 1
            self.waiting.removeAll { $0 == key }
            self.held[key] = nil
            return []
        case .finished:
            self.counters.superseded += 1
            self.held[key] = nil
            return []
        case .running:
            self.counters.superseded += 1
            held.phase = .stopping(.abandoned)
            self.held[key] = held
            return [.cancel(id: key.id, attempt: key.attempt, reason: reason)]
        case .stopping:
            held.phase = .stopping(.abandoned)
            self.held[key] = held
            return []
        }
    }
}
