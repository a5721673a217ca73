// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// A dispatcher whose time is moved by hand, and everything that it asked for.
struct DispatcherScene {
    var dispatcher: Dispatcher
    var now = Moment(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000_000), date: Date(timeIntervalSince1970: 1_800_000_000))
    var last: [DispatcherAction] = []
    var all: [DispatcherAction] = []
    /// What the ledger held at the beginning.
    private let found: [String: TaskRecord]

    init(
        agents: [String] = [], state: LedgerState = LedgerState(epoch: TaskEpoch(ledgerID: "test", counter: 1)),
        now: Moment? = nil, _ configure: (inout DispatcherConfiguration) -> Void = { _ in }
    ) {
        if let now { self.now = now }
        self.found = Dictionary(uniqueKeysWithValues: state.unfinished.map { ($0.task.id, $0) })
        var configuration = DispatcherConfiguration()
        configuration.agents = agents
        configure(&configuration)
        self.dispatcher = Dispatcher(configuration: configuration, state: state, seed: 7, now: self.now)
        self.note(self.dispatcher.begin(state, at: self.now))
    }

    /// The next coordinator, which finds in the ledger what this one has written.
    func restarted() -> Self {
        Self(
            state: LedgerState(
                epoch: TaskEpoch(ledgerID: "test", counter: 2), unfinished: Array(self.ledger.values)))
    }

    static let one = node(1)
    static let two = node(2)

    static func node(_ number: UInt8) -> NodeID {
        NodeID(bytes: [UInt8](repeating: 0, count: 15) + [number]) ?? .random()
    }

    mutating func note(_ actions: [DispatcherAction]) {
        self.last = actions
        self.all += actions
    }

    mutating func advance(_ duration: Duration) {
        self.now = self.now + duration
        self.note(self.dispatcher.tick(at: self.now))
    }

    /// Moves the time in small steps while the workers say that they are there.
    mutating func live(_ duration: Duration, workers: [NodeID] = [Self.one], holding held: [TaskReference] = []) {
        var left = duration
        while left > .zero {
            self.now = self.now + .milliseconds(500)
            left -= .milliseconds(500)
            self.note(self.dispatcher.tick(at: self.now))
            for worker in workers {
                let ping = self.pings(to: worker)
                self.say(.heartbeat(WorkerHeartbeat(sequence: 1, ping: ping, held: held)), from: worker)
            }
        }
    }

    func pings(to worker: NodeID) -> UInt64 {
        for case .send(worker, .ping(let number, _)) in self.all.reversed() { return number }
        return 0
    }

    mutating func accept(
        _ id: String, source: TaskRequest.Source = .submit, agentID: String? = nil, priority: Int = 0,
        attempts: Int? = nil, stored: TaskRecord? = nil, queue: String = "default"
    ) {
        self.note(
            self.dispatcher.accept(
                TaskSubmission(
                    id: id, source: source, agentID: agentID, queue: queue, payload: .string(id), priority: priority,
                    attempts: attempts),
                stored: stored, at: self.now))
    }

    mutating func submit(_ task: TaskSubmission, predecessors: [String: TaskRecord] = [:]) {
        let stored = self.dispatcher.mustLookUp(task.id) ? self.ledger[task.id] : nil
        self.note(self.dispatcher.accept(task, stored: stored, predecessors: predecessors, at: self.now))
    }

    /// The next coordinator at the same ledger, at the time and with the wall clock that it then has.
    func restarted(
        after pause: Duration = .zero, clockPut: Double = 0,
        _ configure: (inout DispatcherConfiguration) -> Void = { _ in }
    ) -> Self {
        let records = self.ledger.values.filter { !$0.status.state.isFinal }
            .sorted { ($0.status.acceptedAt, $0.task.id) < ($1.status.acceptedAt, $1.task.id) }
        var later = self.now + pause
        later.date += clockPut
        return Self(
            state: LedgerState(
                epoch: TaskEpoch(ledgerID: "test", counter: self.dispatcher.epoch.counter + 1), unfinished: records),
            now: later, configure)
    }

    mutating func register(
        _ worker: NodeID = Self.one, slots: Int = 2, agents: [String] = [], queues: [String] = [], session: UInt64 = 1,
        held: [TaskReference] = []
    ) {
        self.say(
            .register(
                WorkerRegistration(
                    name: "w\(worker.bytes[15])", slots: slots, agents: agents, queues: queues,
                    endpoint: "tcp://127.0.0.1:\(worker.bytes[15])", session: session, held: held)),
            from: worker)
    }

    mutating func say(_ message: WorkerMessage, from worker: NodeID = Self.one) {
        self.note(self.dispatcher.received(message, from: worker, at: self.now))
    }

    func reference(_ id: String, _ attempt: Int = 1, epoch: UInt64 = 1) -> TaskReference {
        TaskReference(id: id, attempt: attempt, epoch: TaskEpoch(ledgerID: "test", counter: epoch))
    }

    mutating func start(_ id: String, _ attempt: Int = 1, by worker: NodeID = Self.one) {
        self.say(.started([self.reference(id, attempt)]), from: worker)
    }

    mutating func finish(_ id: String, _ attempt: Int = 1, _ outcome: TaskOutcome? = nil, by worker: NodeID = Self.one)
    {
        self.say(
            .result(self.reference(id, attempt), outcome ?? .completed(TaskResult(.string("done \(id)")))),
            from: worker)
    }

    /// Who was dealt what in the last step.
    var deals: [NodeID: [String]] {
        var deals: [NodeID: [String]] = [:]
        for case .send(let worker, .dispatch(let requests)) in self.last {
            deals[worker, default: []] += requests.map { "\($0.id)/\($0.attempt)" }
        }
        return deals
    }

    var reports: [ReportItem] { self.last.compactMap { if case .report(let item) = $0 { item } else { nil } } }

    var ended: [TaskRecord] {
        self.last.compactMap { if case .announce(.ended(let record, _)) = $0 { record } else { nil } }
    }

    func sent(to worker: NodeID = Self.one) -> [CoordinatorMessage] {
        self.last.compactMap { if case .send(worker, let message) = $0 { message } else { nil } }
    }

    var refusal: TaskRefusal? {
        for case .announce(.refused(_, let refusal)) in self.last { return refusal }
        return nil
    }

    /// The ids of the tasks that a worker holds.
    func held(by worker: NodeID = Self.one) -> Set<String> {
        Set(self.dispatcher.workers[worker]?.held.map { self.dispatcher.entries[$0].task.id } ?? [])
    }

    func state(_ id: String) -> TaskState? { self.dispatcher.record(of: id)?.status.state }

    /// What the ledger holds after everything that was persisted.
    var ledger: [String: TaskRecord] {
        var ledger = self.found
        for case .persist(let changes) in self.all {
            for change in changes {
                switch change {
                case .accepted(let record): ledger[record.task.id] = record
                case .status(let id, let status): ledger[id]?.status = status
                case .removed(let id): ledger[id] = nil
                case .report, .reported: break
                }
            }
        }
        return ledger
    }
}
