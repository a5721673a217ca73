// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
public import WeftBus

extension WorkerMachine {
    /// A coordinator said something down the dispatch link.
    ///
    /// - Parameters:
    ///   - message: What it said.
    ///   - worker: Whom it means.
    ///   - epoch: Its epoch.
    ///   - now: The time.
    public mutating func received(
        _ message: CoordinatorMessage, for worker: NodeID, epoch: TaskEpoch, at now: Moment
    ) -> [WorkerAction] {
        guard worker == self.id, !self.hasLeft, !(self.epoch.map { epoch.isOlder(than: $0) } ?? false) else {
            self.counters.foreign += 1
            return []
        }
        let fenced = self.fence(at: now)
        return fenced + self.heard(message, epoch: epoch, at: now)
    }

    private mutating func heard(
        _ message: CoordinatorMessage, epoch: TaskEpoch, at now: Moment
    ) -> [WorkerAction] {
        if case .welcome(let welcome) = message { return self.welcomed(welcome, at: now) }
        guard case .welcomed(_, let current) = self.link, current == epoch else {
            // Nobody has taken us on, or somebody else has.
            self.counters.foreign += 1
            return []
        }
        self.heardAt = now.monotonic
        switch message {
        case .welcome:
            return []
        case .dispatch(let requests):
            return self.take(requests, epoch: epoch, at: now)
        case .ping(let number, let heard):
            self.lastPing = max(self.lastPing, number)
            while let oldest = self.unconfirmed.first, oldest.sequence <= heard {
                self.unconfirmed.removeFirst()
                self.leaseEnd = oldest.sentAt + self.lease
            }
            return []
        case .acknowledged(let references):
            for reference in references {
                let key = Key(id: reference.id, attempt: reference.attempt)
                guard let place = self.held.place(of: key), self.held.hasFinished(at: place) else { continue }
                self.held.remove(at: place)
            }
            return self.leaveIfDone()
        case .superseded(let references):
            var actions: [WorkerAction] = []
            for reference in references {
                actions += self.abandon(
                    Key(id: reference.id, attempt: reference.attempt), reason: "superseded", at: now)
            }
            return actions + self.startWaiting(at: now) + self.leaveIfDone()
        case .cancel(let reference, let reason):
            return self.cancel(Key(id: reference.id, attempt: reference.attempt), .cancelled(reason), reason, at: now)
        case .drain:
            return self.drain(at: now)
        }
    }

    mutating func welcomed(_ welcome: WorkerWelcome, at now: Moment) -> [WorkerAction] {
        guard let endpoint = self.link.endpoint else {
            self.counters.foreign += 1
            return []
        }
        let isRepeat = self.link == .welcomed(endpoint: endpoint, welcome.epoch)
        self.heardAt = now.monotonic
        guard !isRepeat else { return [] }
        self.link = .welcomed(endpoint: endpoint, welcome.epoch)
        self.epoch = welcome.epoch
        self.lease = welcome.lease
        self.takesSeveral = welcome.takesSeveral
        self.heartbeat = welcome.heartbeat
        self.leaseEnd = now.monotonic + welcome.lease
        for reference in welcome.kept {
            self.held[Key(id: reference.id, attempt: reference.attempt)]?.reference = reference
        }
        // A coordinator that has just begun may not have heard of what was begun before.
        let running = welcome.kept.filter {
            self.held[Key(id: $0.id, attempt: $0.attempt)].map { $0.phase.isRunning } ?? false
        }
        let started: [WorkerAction] = running.isEmpty ? [] : [.send(.started(running))]
        return started + self.sendFinished(before: nil, at: now) + self.startWaiting(at: now)
    }

    mutating func take(_ requests: [TaskRequest], epoch: TaskEpoch, at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        var refused: [TaskReference] = []
        for request in requests {
            let key = Key(id: request.id, attempt: request.attempt)
            let isKnown = self.held.hasAttempts(of: request.id)
            guard !isKnown || self.held.place(of: key) == nil, !self.lingering.contains(key) else { continue }
            let reference = TaskReference(id: request.id, attempt: request.attempt, epoch: epoch)
            if self.isDraining {
                refused.append(reference)
                continue
            }
            // A newer attempt of what is held: the older one was taken from us.
            if isKnown {
                for older in self.held.attempts(of: request.id, before: request.attempt) {
                    actions += self.abandon(older, reason: "superseded", at: now)
                }
            }
            self.held.insert(Held(reference: reference, request: request, phase: .waiting))
            self.waiting.append(key)
        }
        if !refused.isEmpty {
            self.counters.returned += refused.count
            actions.append(.send(.draining(returned: refused)))
        }
        return actions + self.startWaiting(at: now)
    }

    mutating func startWaiting(at now: Moment) -> [WorkerAction] {
        guard !self.isDraining, !self.waiting.isEmpty else { return [] }
        var actions: [WorkerAction] = []
        var started: [TaskReference] = []
        var free = self.configuration.slots - self.runningCount
        while free > 0, let key = self.waiting.popFirst() {
            guard let place = self.held.place(of: key), self.held.isWaiting(at: place) else { continue }
            self.held[place]?.begin(at: now)
            guard let reference = self.held[place]?.reference, let request = self.held[place]?.request else { continue }
            self.counters.started += 1
            started.append(reference)
            actions.append(.start(request))
            free -= 1
        }
        if self.isRegistered, !started.isEmpty { actions.insert(.send(.started(started)), at: 0) }
        return actions
    }
}
