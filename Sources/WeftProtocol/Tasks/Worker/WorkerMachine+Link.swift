// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule

extension WorkerMachine {
    /// The roster names a coordinator.
    ///
    /// - Parameters:
    ///   - endpoint: Its sink.
    ///   - epoch: Its epoch; nil when it is not known, which is taken for the one that has welcomed us.
    ///   - now: The time.
    public mutating func coordinatorFound(
        endpoint: String, epoch: TaskEpoch? = nil, at now: Moment
    ) -> [WorkerAction] {
        guard !self.hasLeft else { return [] }
        var actions = self.fence(at: now)
        switch self.link {
        case .welcomed(endpoint, let current) where epoch == nil || epoch == current:
            return actions
        case .registering(endpoint):
            return actions
        case .welcomed(endpoint, _), .closed(endpoint), .none:
            break
        case .closed, .registering, .welcomed:
            actions.append(.disconnect)
        }
        if self.link.endpoint != endpoint { actions.append(.connect(endpoint: endpoint)) }
        self.link = .registering(endpoint: endpoint)
        return actions + self.register(anew: true, at: now)
    }

    /// The roster names no coordinator any more: what runs goes on for a while, and waits for the next one.
    public mutating func coordinatorLost(at now: Moment) -> [WorkerAction] {
        guard self.link != .none else { return [] }
        let fenced = self.fence(at: now)
        self.holdOn(at: now)
        self.link = .none
        return fenced + [.disconnect]
    }

    /// The connection to the sink closed, which is how a process that died shows itself.
    public mutating func connectionClosed(at now: Moment) -> [WorkerAction] {
        guard let endpoint = self.link.endpoint else { return [] }
        let fenced = self.fence(at: now)
        self.holdOn(at: now)
        self.link = .closed(endpoint: endpoint)
        return fenced
    }

    /// Leaves what runs the time in which the next coordinator may claim it; only the first time, or a link that comes and goes would
    /// stretch it for ever.
    private mutating func holdOn(at now: Moment) {
        guard self.isRegistered, self.leaseEnd != nil else { return }
        self.leaseEnd = now.monotonic + self.configuration.coordinatorGrace
    }

    /// The connection to the sink stands, for the first time or again.
    public mutating func connectionOpened(at now: Moment) -> [WorkerAction] {
        guard case .closed(let endpoint) = self.link else { return [] }
        self.link = .registering(endpoint: endpoint)
        return self.register(anew: true, at: now)
    }

    mutating func register(anew: Bool, at now: Moment) -> [WorkerAction] {
        if anew {
            self.session += 1
            self.counters.registrations += 1
            self.lastPing = 0
            self.unconfirmed.removeAll()
        }
        self.spokeAt = now.monotonic
        return [
            .send(
                .register(
                    WorkerRegistration(
                        name: self.configuration.name, slots: self.configuration.slots,
                        agents: self.configuration.agents, queues: self.configuration.queues,
                        endpoint: self.configuration.endpoint, session: self.session, isDraining: self.isDraining,
                        held: self.claims)))
        ]
    }

    /// What the worker says that it holds.
    var claims: [TaskReference] {
        self.held.sorted.compactMap {
            if case .stopping(let cause) = $0.value.phase, cause.isLetGo { nil } else { $0.value.reference }
        }
    }
}
