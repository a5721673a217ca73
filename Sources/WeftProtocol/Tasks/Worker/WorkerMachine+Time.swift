// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials

extension WorkerMachine {
    /// Time has passed: heartbeats are due, leases and time limits run out.
    public mutating func tick(at now: Moment) -> [WorkerAction] {
        guard !self.hasLeft else { return [] }
        if let leavesAt, leavesAt <= now.monotonic { return self.leave(at: now) }
        var actions = self.fence(at: now)
        for key in self.held.keys(where: { $0.phase == .running && $0.limit.map { $0 <= now.monotonic } ?? false }) {
            guard let held = self.held[key], held.phase == .running, let limit = held.limit, limit <= now.monotonic
            else { continue }
            self.counters.expired += 1
            actions += self.cancel(key, .expired, TaskFailure.timeLimit(of: held.request).message, at: now)
        }
        actions += self.endUnstoppable(at: now) + self.tellProgress(at: now)
        switch self.link {
        case .none, .closed:
            break
        case .registering:
            if self.isDue(self.heartbeat, now) { actions += self.register(anew: false, at: now) }
        case .welcomed(let endpoint, _):
            if now.monotonic - self.heardAt >= self.configuration.silence {
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
        return actions
    }

    /// Stops the handlers whose leases have run out, and asks to be taken on again if a link still stands.
    ///
    /// Done before anything else that happens: a worker that was frozen must not begin what it finds in its sockets.
    mutating func fence(at now: Moment) -> [WorkerAction] {
        guard let leaseEnd, leaseEnd <= now.monotonic else { return [] }
        self.leaseEnd = nil
        var actions = self.loseLeases(at: now)
        if case .welcomed(let endpoint, _) = self.link {
            self.link = .registering(endpoint: endpoint)
            actions += self.register(anew: true, at: now)
        }
        return actions
    }

    func isDue(_ interval: Duration, _ now: Moment) -> Bool {
        self.spokeAt.map { now.monotonic - $0 >= interval } ?? true
    }

    /// The coordinator has been silent for a lease's time: others may run our tasks by now, so we don't.
    private mutating func loseLeases(at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted {
            switch held.phase {
            case .finished, .stopping(.abandoned), .stopping(.fenced): continue
            case .waiting, .running, .stopping: break
            }
            self.counters.leasesLost += 1
            actions += self.abandon(key, as: .fenced, reason: "its lease ran out", at: now)
        }
        return actions
    }

    /// Sends the outcomes that have not been acknowledged.
    ///
    /// - Parameter limit: Only those last sent before this time; nil for all.
    mutating func sendFinished(before limit: MonotonicTime?, at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted {
            guard case .finished(let outcome, let sentAt) = held.phase else { continue }
            if let limit, let sentAt, sentAt > limit { continue }
            self.held[key]?.phase = .finished(outcome, sentAt: now.monotonic)
            actions.append(.send(.result(held.reference, outcome)))
        }
        return actions
    }
}
