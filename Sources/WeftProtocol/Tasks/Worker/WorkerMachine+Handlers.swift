// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftValue

extension WorkerMachine {
    /// Handlers ended, in this order: what is to be said of them is said together.
    public mutating func finished(_ endings: [Finished], at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        var results: [TaskEnding] = []
        var bytes = 0
        for ending in endings {
            let key = Key(id: ending.id, attempt: ending.attempt)
            guard self.isRegistered, self.takesSeveral, !self.lingering.contains(key),
                let place = self.held.place(of: key), self.held.isAtWork(at: place),
                let (result, progress) = self.settle(place, ending.outcome, at: now)
            else {
                actions += self.finished(id: ending.id, attempt: ending.attempt, ending.outcome, at: now)
                continue
            }
            if let progress { actions.append(.send(.progress(result.reference, progress))) }
            let size = result.outcome.approximateBytes + 128
            if bytes + size > TaskDefaults.dispatchBytes, !results.isEmpty {
                actions.append(.send(Self.message(results)))
                results = []
                bytes = 0
            }
            results.append(result)
            bytes += size
        }
        if !results.isEmpty { actions.append(.send(Self.message(results))) }
        return actions + self.startWaiting(at: now)
    }

    private static func message(_ results: [TaskEnding]) -> WorkerMessage {
        if results.count == 1, let only = results.first { return .result(only.reference, only.outcome) }
        return .results(results)
    }

    /// A handler ended.
    public mutating func finished(
        id: String, attempt: Int, _ outcome: TaskOutcome, at now: Moment
    ) -> [WorkerAction] {
        let key = Key(id: id, attempt: attempt)
        if self.lingering.remove(key) != nil { return self.startWaiting(at: now) + self.leaveIfDone() }
        guard let held = self.held[key] else { return [] }
        switch (held.phase, outcome) {
        case (.running, _), (.stopping(.cancelled), .completed), (.stopping(.expired), .completed),
            (.stopping(.returned), .completed), (.stopping(.fenced), .completed):
            // A result that overtakes what should stop it counts; whoever holds the ledger decides.
            return self.conclude(key, outcome, at: now) + self.startWaiting(at: now)
        case (.stopping(.cancelled(let reason)), _):
            return self.conclude(key, .cancelled(reason: reason), at: now) + self.startWaiting(at: now)
        case (.stopping(.expired), _):
            var failure = TaskFailure.timeLimit(of: held.request)
            // A runner that keeps the limit itself knows more, such as what the handler said last.
            if case .failed(let known) = outcome, known.message.hasPrefix(failure.message) { failure = known }
            return self.conclude(key, .failed(failure), at: now) + self.startWaiting(at: now)
        case (.stopping(.returned), _):
            self.held[key] = nil
            self.counters.returned += 1
            self.counters.interrupted += 1
            let told: [WorkerAction] = self.isRegistered ? [.send(.draining(returned: [held.reference]))] : []
            return told + self.leaveIfDone()
        case (.stopping(.abandoned), _), (.stopping(.fenced), _):
            self.held[key] = nil
            return self.startWaiting(at: now) + self.leaveIfDone()
        case (.waiting, _), (.finished, _):
            return []
        }
    }

    /// Ends an attempt with what it came to, which is kept until the coordinator has it.
    mutating func conclude(_ key: Key, _ outcome: TaskOutcome, at now: Moment) -> [WorkerAction] {
        guard let place = self.held.place(of: key), let (ending, progress) = self.settle(place, outcome, at: now),
            self.isRegistered
        else { return [] }
        // The last progress is what the handler said before its end; after the result it would come too late.
        return (progress.map { [.send(.progress(ending.reference, $0))] } ?? []) + [
            .send(.result(ending.reference, ending.outcome))
        ]
    }

    /// Notes what an attempt came to.
    ///
    /// - Returns: What is to be said of it, and the progress that is to be said before; nil when there is no such attempt.
    private mutating func settle(
        _ place: Int, _ outcome: TaskOutcome, at now: Moment
    ) -> (ending: TaskEnding, progress: Value?)? {
        guard let reference = self.held[place]?.reference else { return nil }
        var outcome = outcome
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
        let progress = self.held[place]?.progress
        self.held[place]?.progress = nil
        let sentAt = self.isRegistered ? now.monotonic : nil
        self.held[place]?.phase = .finished(outcome, sentAt: sentAt)
        return (TaskEnding(reference, outcome), progress)
    }

    mutating func cancel(_ key: Key, _ cause: Cause, _ reason: String, at now: Moment) -> [WorkerAction] {
        guard var held = self.held[key] else { return [] }
        switch held.phase {
        case .running:
            held.phase = .stopping(cause)
            held.stopLimit = now.monotonic + self.configuration.stopGrace
            self.held[key] = held
            return [.cancel(id: key.id, attempt: key.attempt, reason: reason)]
        case .waiting:
            self.waiting.removeAll { $0 == key }
            return self.conclude(key, .cancelled(reason: reason), at: now)
        case .stopping(.returned):
            // It is being stopped already, and now it need not come back.
            held.phase = .stopping(cause)
            self.held[key] = held
            return []
        case .stopping, .finished:
            return []
        }
    }

    /// Ends the attempts whose handlers were asked to stop, and don't.
    mutating func endUnstoppable(at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        for key in self.held.keys(where: { $0.stopLimit != nil && $0.phase.isRunning }) {
            guard let held = self.held[key], case .stopping(let cause) = held.phase, let limit = held.stopLimit,
                limit <= now.monotonic
            else { continue }
            switch cause {
            case .cancelled(let reason):
                actions += self.conclude(key, .cancelled(reason: reason), at: now)
            case .expired:
                actions += self.conclude(key, .failed(.timeLimit(of: held.request)), at: now)
            case .fenced, .abandoned:
                self.held[key] = nil
            case .returned:
                continue
            }
            self.counters.unstoppable += 1
            self.lingering.insert(key)
        }
        guard !self.lingering.isEmpty else { return actions }
        return actions + self.startWaiting(at: now) + self.leaveIfDone()
    }

    /// Lets go of an attempt that is no longer ours.
    mutating func abandon(
        _ key: Key, as cause: Cause = .abandoned, reason: String, at now: Moment
    ) -> [WorkerAction] {
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
            held.phase = .stopping(cause)
            held.stopLimit = now.monotonic + self.configuration.stopGrace
            self.held[key] = held
            return [.cancel(id: key.id, attempt: key.attempt, reason: reason)]
        case .stopping:
            held.phase = .stopping(cause)
            self.held[key] = held
            return []
        }
    }
}
