// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials

extension WorkerMachine {
    /// Time has passed: heartbeats are due, leases and time limits run out.
    public mutating func tick(at now: Moment) -> [WorkerAction] {
        guard !self.hasLeft else { return [] }
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted(by: { $0.key < $1.key }) {
            guard held.phase == .running, let end = held.endsAt, end <= now.monotonic else { continue }
            self.counters.expired += 1
            actions += self.cancel(key, .expired, "time limit", at: now)
        }
        switch self.link {
        case .none, .closed:
            return actions
        case .registering:
            if self.isDue(self.heartbeat, now) { actions += self.register(anew: false, at: now) }
        case .welcomed(let endpoint, _):
            if let leaseEnd, leaseEnd <= now.monotonic {
                self.leaseEnd = nil
                actions += self.loseLeases()
                self.link = .registering(endpoint: endpoint)
                actions += self.register(anew: true, at: now)
            } else if now.monotonic - self.heardAt >= self.configuration.silence {
                // No ping comes through any more: we may have been given up.
                self.heardAt = now.monotonic
                self.link = .registering(endpoint: endpoint)
                actions += self.register(anew: true, at: now)
            } else if self.isDue(self.heartbeat, now) {
                self.sequence += 1
                self.spokeAt = now.monotonic
                self.unconfirmed.append((self.sequence, now.monotonic))
                if self.unconfirmed.count > 64 { self.unconfirmed.removeFirst() }
                actions.append(
                    .send(
                        .heartbeat(
                            WorkerHeartbeat(sequence: self.sequence, ping: self.lastPing, held: self.claims))))
                actions += self.sendFinished(before: now.monotonic + .seconds(-5), at: now)
            }
        }
        // While nobody has taken us on again, leases still run out.
        if case .registering = self.link, let leaseEnd, leaseEnd <= now.monotonic {
            self.leaseEnd = nil
            actions += self.loseLeases()
        }
        return actions
    }

    func isDue(_ interval: Duration, _ now: Moment) -> Bool {
        self.spokeAt.map { now.monotonic - $0 >= interval } ?? true
    }

    /// The coordinator has been silent for a lease's time: others may run our tasks by now, so we don't.
    mutating func loseLeases() -> [WorkerAction] {
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted(by: { $0.key < $1.key }) {
            if case .finished = held.phase { continue }
            self.counters.leasesLost += 1
            actions += self.abandon(key, reason: "the lease ran out")
        }
        return actions
    }

    /// Sends the outcomes that have not been acknowledged.
    ///
    /// - Parameter limit: Only those last sent before this time; nil for all.
    mutating func sendFinished(before limit: MonotonicTime?, at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted(by: { $0.key < $1.key }) {
            guard case .finished(let outcome, let sentAt) = held.phase else { continue }
            if let limit, let sentAt, sentAt > limit { continue }
            self.held[key]?.phase = .finished(outcome, sentAt: now.monotonic)
            actions.append(.send(.result(held.reference, outcome)))
        }
        return actions
    }
}
