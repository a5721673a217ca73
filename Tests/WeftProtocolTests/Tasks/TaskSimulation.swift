// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import WeftBus
import WeftValue

@testable import WeftProtocol

/// A coordinator, its ledger and some workers, driven by one seed: messages are delayed, duplicated and reordered, links break, workers
/// are killed, and the coordinator crashes between any two of its actions.
struct TaskSimulation {
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    private struct Running {
        let request: TaskRequest
        var isCancelled = false
    }

    private struct Node {
        var machine: WorkerMachine
        var running: [String: Running] = [:]
        var isConnected = false
        /// What is on its way to the worker, and from it.
        var inbox: [(message: CoordinatorMessage, epoch: TaskEpoch)] = []
        var outbox: [WorkerMessage] = []
    }

    private var random: SplitMix64
    private(set) var now = Moment(
        monotonic: MonotonicTime(nanoseconds: 1 << 40), date: Date(timeIntervalSince1970: 1_800_000_000))
    private var dispatcher: Dispatcher
    private var workers: [NodeID: Node] = [:]
    private var records: [String: TaskRecord] = [:]
    private var order: [String] = []
    private var reports: [String: ReportItem] = [:]
    private var epoch = TaskEpoch(ledgerID: "simulation", counter: 1)
    private var outcomes: [String: Int] = [:]
    private var finalReports: [String: ReportItem] = [:]
    private(set) var runs: [String: Int] = [:]
    private(set) var crashes = 0
    private(set) var kills = 0
    private(set) var stale = 0
    private(set) var reclaimed = 0
    private var submitted = 0
    private let configuration: DispatcherConfiguration
    var hasFaults = true

    init(seed: UInt64) throws {
        self.random = SplitMix64(seed: seed)
        var configuration = DispatcherConfiguration()
        configuration.agents = ["agent"]
        configuration.retry.workerLossAttempts = 1000
        configuration.retry.returnLimit = 1000
        self.configuration = configuration
        self.dispatcher = Dispatcher(
            configuration: configuration, state: LedgerState(epoch: self.epoch), seed: seed, now: self.now)
        for _ in 0..<3 { try self.addWorker() }
    }

    /// Runs so many random steps, then lets everything come to rest.
    mutating func run(tasks: Int, steps: Int) throws {
        for _ in 0..<steps {
            if self.submitted < tasks, Bool.random(using: &self.random) { try self.submit() }
            try self.step()
        }
        while self.submitted < tasks { try self.submit() }
        self.hasFaults = false
        for _ in 0..<20_000 where self.records.values.contains(where: { !$0.status.state.isFinal }) {
            try self.step()
        }
        for (id, record) in self.records where !record.status.state.isFinal {
            throw Violation(description: "\(id) never ended: \(record.status)")
        }
        guard self.records.count == tasks else {
            throw Violation(description: "\(self.records.count) of \(tasks) tasks are in the ledger")
        }
        for id in self.records.keys where self.outcomes[id] != 1 {
            throw Violation(description: "\(id) has \(self.outcomes[id] ?? 0) accepted outcomes")
        }
    }

    // MARK: - Steps

    private mutating func step() throws {
        let ids = self.workers.keys.sorted()
        guard let id = ids.randomElement(using: &self.random) else { return try self.addWorker() }
        switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<30: try self.deliverToWorker(id)
        case 30..<60: try self.deliverFromWorker(id)
        case 60..<80: try self.endHandler(at: id)
        case 80..<92: try self.advance(.milliseconds(Int64.random(in: 50...800, using: &self.random)))
        case 92..<94: try self.findCoordinator(id)
        case 94 where self.hasFaults: try self.kill(id)
        case 95 where self.hasFaults: try self.breakLink(id)
        case 96 where self.hasFaults: try self.crash()
        case 97 where self.hasFaults: try self.cancelSomething()
        case 98 where self.hasFaults: try self.advance(.seconds(Int64.random(in: 1...20, using: &self.random)))
        default: try self.findCoordinator(id)
        }
    }

    private mutating func submit() throws {
        let id = "task-\(self.submitted)"
        self.submitted += 1
        let task = TaskSubmission(
            id: id, source: Bool.random(using: &self.random) ? .platform : .submit, agentID: "agent",
            payload: .string(id), priority: Int.random(in: 0...2, using: &self.random),
            attempts: Int.random(in: 1...3, using: &self.random))
        // Who submits does so again until the ledger has it: an answer may have been lost in a crash.
        repeat {
            let stored = self.dispatcher.mustLookUp(id) ? self.records[id] : nil
            try self.perform(self.dispatcher.accept(task, stored: stored, at: self.now))
        } while self.records[id] == nil
    }

    private mutating func advance(_ duration: Duration) throws {
        self.now = self.now + duration
        try self.perform(self.dispatcher.tick(at: self.now))
        for id in self.workers.keys.sorted() {
            if let actions = self.workers[id]?.machine.tick(at: self.now) { try self.perform(actions, at: id) }
        }
    }

    private mutating func addWorker() throws {
        let id = NodeID.random(using: &self.random)
        let machine = WorkerMachine(
            id: id,
            configuration: .init(
                name: "w\(self.workers.count)", slots: Int.random(in: 1...3, using: &self.random), endpoint: "tcp://w"),
            now: self.now)
        self.workers[id] = Node(machine: machine)
        try self.findCoordinator(id)
    }

    private mutating func findCoordinator(_ id: NodeID) throws {
        guard var node = self.workers[id] else { return }
        var actions: [WorkerAction] = []
        if !node.isConnected {
            node.isConnected = true
            actions = node.machine.connectionOpened(at: self.now)
        }
        actions += node.machine.coordinatorFound(endpoint: "tcp://c", epoch: self.dispatcher.epoch, at: self.now)
        self.workers[id] = node
        try self.perform(actions, at: id)
    }

    private mutating func kill(_ id: NodeID) throws {
        self.kills += 1
        self.workers[id] = nil
        try self.perform(self.dispatcher.connectionClosed(id, at: self.now))
        try self.addWorker()
    }

    private mutating func breakLink(_ id: NodeID) throws {
        guard var node = self.workers[id] else { return }
        node.inbox = []
        node.outbox = []
        node.isConnected = false
        let actions = node.machine.connectionClosed(at: self.now)
        self.workers[id] = node
        try self.perform(actions, at: id)
        try self.perform(self.dispatcher.connectionClosed(id, at: self.now))
    }

    private mutating func crash() throws {
        self.crashes += 1
        self.stale += self.dispatcher.counters.stale
        self.reclaimed += self.dispatcher.counters.reclaimed
        self.epoch.counter += 1
        let state = LedgerState(
            epoch: self.epoch,
            unfinished: self.order.compactMap { self.records[$0] }.filter { !$0.status.state.isFinal },
            reports: self.reports.values.sorted { $0.id < $1.id })
        self.dispatcher = Dispatcher(
            configuration: self.configuration, state: state, seed: self.random.next(), now: self.now)
        for id in self.workers.keys.sorted() {
            guard var node = self.workers[id] else { continue }
            node.inbox = []
            node.outbox = []
            node.isConnected = false
            let actions = node.machine.connectionClosed(at: self.now)
            self.workers[id] = node
            try self.perform(actions, at: id)
        }
        try self.perform(self.dispatcher.begin(state, at: self.now))
    }

    private mutating func cancelSomething() throws {
        guard Int.random(in: 0..<4, using: &self.random) == 0, let id = self.order.randomElement(using: &self.random)
        else { return }
        try self.perform(self.dispatcher.cancel(id, reason: "chance", at: self.now))
    }

    private mutating func deliverToWorker(_ id: NodeID) throws {
        guard let node = self.workers[id], let index = self.pick(node.inbox.count) else { return }
        let (message, epoch) = node.inbox[index]
        if !self.duplicates() { self.workers[id]?.inbox.remove(at: index) }
        if let actions = self.workers[id]?.machine.received(message, for: id, epoch: epoch, at: self.now) {
            try self.perform(actions, at: id)
        }
    }

    private mutating func deliverFromWorker(_ id: NodeID) throws {
        guard let node = self.workers[id], let index = self.pick(node.outbox.count) else { return }
        let message = node.outbox[index]
        if !self.duplicates() { self.workers[id]?.outbox.remove(at: index) }
        try self.perform(self.dispatcher.received(message, from: id, at: self.now))
    }

    /// Usually the first, sometimes a later one.
    private mutating func pick(_ count: Int) -> Int? {
        guard count > 0 else { return nil }
        guard self.hasFaults, Int.random(in: 0..<10, using: &self.random) == 0 else { return 0 }
        return Int.random(in: 0..<count, using: &self.random)
    }

    private mutating func duplicates() -> Bool {
        self.hasFaults && Int.random(in: 0..<20, using: &self.random) == 0
    }

    private mutating func endHandler(at id: NodeID) throws {
        guard let key = self.workers[id]?.running.keys.sorted().randomElement(using: &self.random),
            let running = self.workers[id]?.running.removeValue(forKey: key)
        else { return }
        let request = running.request
        let outcome: TaskOutcome
        switch Int.random(in: 0..<10, using: &self.random) {
        case _ where running.isCancelled: outcome = .cancelled(reason: "stopped")
        case 0: outcome = .failed(TaskFailure("chance"))
        case 1: outcome = .failed(TaskFailure("chance", retry: .at(nil)))
        default: outcome = .completed(TaskResult(.string("\(request.id)/\(request.attempt) by \(id)")))
        }
        self.runs[request.id, default: 0] += 1
        if let actions = self.workers[id]?.machine.finished(
            id: request.id, attempt: request.attempt, outcome, at: self.now)
        {
            try self.perform(actions, at: id)
        }
    }

    // MARK: - Actions

    private mutating func perform(_ actions: [DispatcherAction]) throws {
        for action in actions {
            if self.hasFaults, Int.random(in: 0..<400, using: &self.random) == 0 { return try self.crash() }
            switch action {
            case .persist(let changes):
                for change in changes { try self.write(change) }
            case .send(let worker, let message):
                if self.workers[worker]?.isConnected ?? false {
                    self.workers[worker]?.inbox.append((message, self.dispatcher.epoch))
                }
            case .disconnect(let worker):
                self.workers[worker]?.inbox = []
            case .report(let item):
                guard item.isFinal else { continue }
                if let before = self.finalReports.updateValue(item, forKey: item.taskID), before != item {
                    throw Violation(description: "two different final updates: \(before) and \(item)")
                }
                if self.records[item.taskID]?.status.state.isFinal != true {
                    throw Violation(description: "\(item.taskID) was reported before it was written")
                }
                if Bool.random(using: &self.random) {
                    try self.perform(self.dispatcher.reportSettled(item, at: self.now))
                }
            case .connect, .capacity, .announce, .withdraw:
                break
            }
        }
    }

    private mutating func write(_ change: LedgerChange) throws {
        switch change {
        case .accepted(let record):
            if self.records.updateValue(record, forKey: record.task.id) != nil {
                throw Violation(description: "\(record.task.id) was accepted twice")
            }
            self.order.append(record.task.id)
        case .status(let id, let status):
            guard let before = self.records[id]?.status else {
                throw Violation(description: "a status for \(id), which nobody accepted")
            }
            if before.state.isFinal { throw Violation(description: "\(id) went on after its end: \(status)") }
            if status.attempt < before.attempt { throw Violation(description: "\(id) went back to an older attempt") }
            let isSame = status.attempt == before.attempt && before.epoch == status.epoch
            if status.state == .leased, isSame, before.cancelReason == status.cancelReason {
                throw Violation(description: "\(id) was dealt twice as attempt \(status.attempt)")
            }
            if status.state.isFinal { self.outcomes[id, default: 0] += 1 }
            self.records[id]?.status = status
        case .report(let item): self.reports[item.id] = item
        case .reported(let id): self.reports[id] = nil
        case .removed: break
        }
    }

    private mutating func perform(_ actions: [WorkerAction], at id: NodeID) throws {
        for action in actions {
            switch action {
            case .send(let message):
                if self.workers[id]?.isConnected ?? false { self.workers[id]?.outbox.append(message) }
            case .start(let request):
                let key = "\(request.id)/\(request.attempt)"
                if self.workers[id]?.running.updateValue(Running(request: request), forKey: key) != nil {
                    throw Violation(description: "\(key) was started while it ran at the same worker")
                }
                if let node = self.workers[id],
                    node.running.count > node.machine.configuration.slots + node.machine.lingeringCount
                {
                    throw Violation(description: "a worker runs more than its slots")
                }
            case .cancel(let task, let attempt, _):
                self.workers[id]?.running["\(task)/\(attempt)"]?.isCancelled = true
            case .connect, .disconnect, .drained:
                break
            }
        }
    }
}
