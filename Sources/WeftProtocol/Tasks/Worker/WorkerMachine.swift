// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials
public import WeftBus
public import WeftValue

/// The worker's side of the task plane: what it holds, what it may still hold, and what it owes the coordinator.
///
/// A value without sockets, clocks or tasks. It runs at most as many attempts as it has slots, keeps every outcome until the
/// coordinator has acknowledged it, and renews its leases with each heartbeat. When the coordinator falls silent it stops its handlers
/// at the moment at which their leases run out; when the coordinator's process is seen to be gone it goes on, and offers what it holds to the
/// next one.
public struct WorkerMachine: Sendable {
    /// What a worker offers.
    public struct Configuration: Hashable, Sendable {
        /// The worker's name.
        public var name: String
        /// How many tasks run at once.
        public var slots: Int
        /// The agents that are served; empty for all.
        public var agents: [String]
        /// The queues that are served; empty for all.
        public var queues: [String]
        /// Where the worker's PULL socket can be reached.
        public var endpoint: String
        /// The largest result, in bytes.
        public var maximumResultBytes = TaskDefaults.maximumResultBytes
        /// How long the coordinator may be silent before the worker registers again.
        public var silence = TaskDefaults.suspicion

        /// Creates a configuration.
        public init(
            name: String, slots: Int = TaskDefaults.slots, agents: [String] = [], queues: [String] = [],
            endpoint: String
        ) {
            self.name = name
            self.slots = min(max(1, slots), TaskDefaults.maximumSlots)
            self.agents = agents
            self.queues = queues
            self.endpoint = endpoint
        }
    }

    private enum Link: Equatable {
        case none
        /// The sink is known, and the registration is not confirmed yet.
        case registering(endpoint: String)
        case welcomed(endpoint: String, TaskEpoch)
        /// The connection closed; it may come back, and what runs goes on.
        case closed(endpoint: String)

        var endpoint: String? {
            switch self {
            case .none: nil
            case .registering(let endpoint), .welcomed(let endpoint, _), .closed(let endpoint): endpoint
            }
        }
    }

    private struct Key: Hashable, Comparable {
        var id: String
        var attempt: Int

        static func < (left: Self, right: Self) -> Bool { (left.id, left.attempt) < (right.id, right.attempt) }
    }

    private enum Phase: Equatable {
        case waiting
        case running
        /// The handler was asked to stop; what it then says is changed accordingly.
        case stopping(Cause)
        /// Ended, and not yet acknowledged.
        case finished(TaskOutcome, sentAt: MonotonicTime?)
    }

    private enum Cause: Equatable {
        /// Somebody cancelled the task.
        case cancelled(String)
        /// It ran longer than it may.
        case expired
        /// It is no longer ours: whatever it comes to is dropped.
        case abandoned
    }

    private struct Held {
        var reference: TaskReference
        let request: TaskRequest
        var phase: Phase
    }

    /// The worker's node.
    public let id: NodeID
    /// What it offers.
    public let configuration: Configuration
    /// What has been counted.
    public private(set) var counters = WorkerCounters()
    /// Whether nothing more is taken.
    public private(set) var isDraining = false

    private var link = Link.none
    private var epoch: TaskEpoch?
    private var lease = TaskDefaults.lease
    private var heartbeat = TaskDefaults.heartbeat
    private var session: UInt64 = 0
    private var sequence: UInt64 = 0
    private var lastPing: UInt64 = 0
    private var heardAt: MonotonicTime
    private var spokeAt: MonotonicTime?
    /// Until when the coordinator is known to leave us what we hold.
    private var leaseEnd: MonotonicTime?
    private var unconfirmed: Deque<(sequence: UInt64, sentAt: MonotonicTime)> = []
    private var held: [Key: Held] = [:]
    private var waiting: Deque<Key> = []
    private var saidDraining = false
    private var hasLeft = false

    /// Creates a worker that knows no coordinator yet.
    public init(id: NodeID, configuration: Configuration, now: Moment) {
        self.id = id
        self.configuration = configuration
        self.heardAt = now.monotonic
    }

    // MARK: - What others may ask

    /// Whether a coordinator has taken the worker on.
    public var isRegistered: Bool {
        if case .welcomed = self.link { return true }
        return false
    }

    /// How many handlers run, those included that were asked to stop.
    public var runningCount: Int {
        self.held.values.count { held in
            switch held.phase {
            case .running, .stopping: true
            case .waiting, .finished: false
            }
        }
    }

    /// How many outcomes wait for an acknowledgement.
    public var unacknowledgedCount: Int {
        self.held.values.count { if case .finished = $0.phase { true } else { false } }
    }

    // MARK: - The link

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
        var actions: [WorkerAction] = []
        switch self.link {
        case .welcomed(endpoint, let current) where epoch == nil || epoch == current:
            return []
        case .registering(endpoint):
            return []
        case .welcomed(endpoint, _), .closed(endpoint), .none:
            break
        case .closed, .registering, .welcomed:
            actions.append(.disconnect)
        }
        if self.link.endpoint != endpoint { actions.append(.connect(endpoint: endpoint)) }
        self.link = .registering(endpoint: endpoint)
        return actions + self.register(anew: true, at: now)
    }

    /// The roster names no coordinator any more: what runs goes on, and waits for the next one.
    public mutating func coordinatorLost(at now: Moment) -> [WorkerAction] {
        guard self.link != .none else { return [] }
        self.link = .none
        self.leaseEnd = nil
        return [.disconnect]
    }

    /// The connection to the sink closed, which is how a process that died shows itself.
    public mutating func connectionClosed(at now: Moment) -> [WorkerAction] {
        guard let endpoint = self.link.endpoint else { return [] }
        self.link = .closed(endpoint: endpoint)
        self.leaseEnd = nil
        return []
    }

    /// The connection to the sink stands, for the first time or again.
    public mutating func connectionOpened(at now: Moment) -> [WorkerAction] {
        guard case .closed(let endpoint) = self.link else { return [] }
        self.link = .registering(endpoint: endpoint)
        return self.register(anew: true, at: now)
    }

    private mutating func register(anew: Bool, at now: Moment) -> [WorkerAction] {
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
    private var claims: [TaskReference] {
        self.held.sorted { $0.key < $1.key }.compactMap {
            $0.value.phase == .stopping(.abandoned) ? nil : $0.value.reference
        }
    }

    // MARK: - Messages

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
                if case .finished = self.held[key]?.phase { self.held[key] = nil }
            }
            return self.leaveIfDone()
        case .superseded(let references):
            var actions: [WorkerAction] = []
            for reference in references {
                actions += self.abandon(Key(id: reference.id, attempt: reference.attempt), reason: "superseded")
            }
            return actions + self.startWaiting(at: now) + self.leaveIfDone()
        case .cancel(let reference, let reason):
            return self.cancel(Key(id: reference.id, attempt: reference.attempt), .cancelled(reason), reason, at: now)
        case .drain:
            return self.drain(at: now)
        }
    }

    private mutating func welcomed(_ welcome: WorkerWelcome, at now: Moment) -> [WorkerAction] {
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
        self.heartbeat = welcome.heartbeat
        self.leaseEnd = now.monotonic + welcome.lease
        for reference in welcome.kept {
            self.held[Key(id: reference.id, attempt: reference.attempt)]?.reference = reference
        }
        return self.sendFinished(before: nil, at: now) + self.startWaiting(at: now)
    }

    private mutating func take(_ requests: [TaskRequest], epoch: TaskEpoch, at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        var refused: [TaskReference] = []
        for request in requests {
            let key = Key(id: request.id, attempt: request.attempt)
            guard self.held[key] == nil else { continue }
            let reference = TaskReference(id: request.id, attempt: request.attempt, epoch: epoch)
            if self.isDraining {
                refused.append(reference)
                continue
            }
            // A newer attempt of what is held: the older one was taken from us.
            for older in self.held.keys.filter({ $0.id == request.id && $0.attempt < request.attempt }).sorted() {
                actions += self.abandon(older, reason: "superseded")
            }
            self.held[key] = Held(reference: reference, request: request, phase: .waiting)
            self.waiting.append(key)
        }
        if !refused.isEmpty {
            self.counters.returned += refused.count
            actions.append(.send(.draining(returned: refused)))
        }
        return actions + self.startWaiting(at: now)
    }

    private mutating func startWaiting(at now: Moment) -> [WorkerAction] {
        guard !self.isDraining, !self.waiting.isEmpty else { return [] }
        var actions: [WorkerAction] = []
        var started: [TaskReference] = []
        var free = self.configuration.slots - self.runningCount
        while free > 0, let key = self.waiting.popFirst() {
            guard var held = self.held[key], held.phase == .waiting else { continue }
            held.phase = .running
            self.held[key] = held
            self.counters.started += 1
            started.append(held.reference)
            actions.append(.start(held.request))
            free -= 1
        }
        if self.isRegistered, !started.isEmpty { actions.insert(.send(.started(started)), at: 0) }
        return actions
    }

    // MARK: - Handlers

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

    private mutating func cancel(_ key: Key, _ cause: Cause, _ reason: String, at now: Moment) -> [WorkerAction] {
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
    private mutating func abandon(_ key: Key, reason: String) -> [WorkerAction] {
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

    // MARK: - Time

    /// Time has passed: heartbeats are due, leases and time limits run out.
    public mutating func tick(at now: Moment) -> [WorkerAction] {
        guard !self.hasLeft else { return [] }
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted(by: { $0.key < $1.key }) {
            guard held.phase == .running, let deadline = held.request.deadline, deadline <= now.date else { continue }
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

    private func isDue(_ interval: Duration, _ now: Moment) -> Bool {
        self.spokeAt.map { now.monotonic - $0 >= interval } ?? true
    }

    /// The coordinator has been silent for a lease's time: others may run our tasks by now, so we don't.
    private mutating func loseLeases() -> [WorkerAction] {
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
    private mutating func sendFinished(before limit: MonotonicTime?, at now: Moment) -> [WorkerAction] {
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted(by: { $0.key < $1.key }) {
            guard case .finished(let outcome, let sentAt) = held.phase else { continue }
            if let limit, let sentAt, sentAt > limit { continue }
            self.held[key]?.phase = .finished(outcome, sentAt: now.monotonic)
            actions.append(.send(.result(held.reference, outcome)))
        }
        return actions
    }

    // MARK: - Leaving

    /// Takes nothing more, gives back what has not begun, and leaves when what runs has ended.
    public mutating func drain(at now: Moment) -> [WorkerAction] {
        guard !self.isDraining else { return [] }
        self.isDraining = true
        let returned = self.giveBackWaiting()
        var actions: [WorkerAction] = []
        if self.isRegistered { actions.append(.send(.draining(returned: returned))) }
        return actions + self.leaveIfDone()
    }

    /// The time for draining is over: what still runs is stopped and given back.
    public mutating func drainExpired(at now: Moment) -> [WorkerAction] {
        guard !self.hasLeft else { return [] }
        self.isDraining = true
        var returned = self.giveBackWaiting()
        var actions: [WorkerAction] = []
        for (key, held) in self.held.sorted(by: { $0.key < $1.key }) {
            switch held.phase {
            case .running, .stopping(.cancelled), .stopping(.expired):
                returned.append(held.reference)
                if held.phase == .running {
                    actions.append(.cancel(id: key.id, attempt: key.attempt, reason: "the worker is stopping"))
                }
            case .waiting, .stopping(.abandoned), .finished:
                break
            }
            self.held[key] = nil
        }
        self.counters.returned += returned.count
        self.hasLeft = true
        if self.isRegistered { actions.append(.send(.goodbye(returned: returned))) }
        return actions + [.drained]
    }

    private mutating func giveBackWaiting() -> [TaskReference] {
        var returned: [TaskReference] = []
        while let key = self.waiting.popFirst() {
            if let held = self.held.removeValue(forKey: key) { returned.append(held.reference) }
        }
        self.counters.returned += returned.count
        return returned
    }

    private mutating func leaveIfDone() -> [WorkerAction] {
        guard self.isDraining, !self.hasLeft, self.held.isEmpty else { return [] }
        self.hasLeft = true
        return self.isRegistered ? [.send(.goodbye(returned: [])), .drained] : [.drained]
    }
}
