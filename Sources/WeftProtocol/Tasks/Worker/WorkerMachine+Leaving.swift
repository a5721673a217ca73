// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule

extension WorkerMachine {
    /// Takes nothing more, gives back what has not begun, and leaves when what runs has ended.
    public mutating func drain(at now: Moment) -> [WorkerAction] {
        guard !self.isDraining else { return [] }
        self.isDraining = true
        let returned = self.giveBackWaiting()
        var actions: [WorkerAction] = []
        if self.isRegistered { actions.append(.send(.draining(returned: returned))) }
        return actions + self.leaveIfDone()
    }

    /// The time for draining is over: what still runs is asked to stop and goes back as it does; what does not stop goes back when its
    /// time for that is over too.
    public mutating func drainExpired(at now: Moment) -> [WorkerAction] {
        guard !self.hasLeft, self.leavesAt == nil else { return [] }
        var actions = self.drain(at: now)
        for key in self.held.keys(where: { $0.phase == .running }) {
            actions += self.cancel(key, .returned, "the worker is stopping", at: now)
        }
        guard self.runningCount > 0 else { return actions + self.leave(at: now) }
        self.leavesAt = now.monotonic + self.configuration.stopGrace
        return actions
    }

    /// Leaves at once: handlers are told to stop and not waited for, and what has not ended is given back.
    public mutating func leave(at now: Moment) -> [WorkerAction] {
        guard !self.hasLeft else { return [] }
        self.isDraining = true
        var returned = self.giveBackWaiting()
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted {
            switch held.phase {
            case .running:
                self.counters.returned += 1
                self.counters.interrupted += 1
                returned.append(held.reference)
                actions.append(.cancel(id: key.id, attempt: key.attempt, reason: "the worker is stopping"))
            case .stopping(let cause) where !cause.isLetGo:
                self.counters.returned += 1
                self.counters.interrupted += 1
                returned.append(held.reference)
            case .waiting, .stopping, .finished:
                break
            }
            self.held[key] = nil
        }
        self.hasLeft = true
        if self.isRegistered { actions.append(.send(.goodbye(returned: returned))) }
        return actions + [.drained]
    }

    mutating func giveBackWaiting() -> [TaskReference] {
        var returned: [TaskReference] = []
        while let key = self.waiting.popFirst() {
            guard let reference = self.held[key]?.reference else { continue }
            returned.append(reference)
            self.held[key] = nil
        }
        self.counters.returned += returned.count
        return returned
    }

    mutating func leaveIfDone() -> [WorkerAction] {
        guard self.isDraining, !self.hasLeft, self.held.isEmpty else { return [] }
        self.hasLeft = true
        return self.isRegistered ? [.send(.goodbye(returned: [])), .drained] : [.drained]
    }
}
