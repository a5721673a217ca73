// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials
import HeapModule
import WeftBus

/// Decides what becomes of every task: which worker gets it, when it is tried again, and which result counts.
///
/// A value without sockets, clocks or locks: it is told what happened and when, and answers with the actions that follow,
/// in the order in which they must be performed (see ``DispatcherAction``).
///
/// A task is queued → leased → running → completed, or back to queued when its worker is lost, or retrying when its
/// handler failed, or dead when its attempts are used up, or cancelled. Each dealing raises the attempt; whatever is said about an
/// older attempt or by an older epoch is counted, dropped, and the worker told, so that a task has one accepted outcome.
public struct Dispatcher: Sendable {
    /// The settings.
    public let configuration: DispatcherConfiguration
    /// The epoch that every write and every dispatch carries.
    public let epoch: TaskEpoch
    /// What has been counted.
    public internal(set) var counters = DispatcherCounters()
    /// Whether nothing more is accepted.
    public internal(set) var isDraining = false
    var isDealing = true

    var entries: [String: DispatcherEntry] = [:]
    var workers: [NodeID: DispatcherWorker] = [:]
    var lanes: [DispatcherLane: Heap<DispatcherReady>] = [:]
    var delayed = Heap<DispatcherDelayed>()
    /// Tasks whose worker has not come back since the restart.
    var orphans: Set<String> = []
    var finished: [String: LedgerStatus] = [:]
    var finishedOrder: Deque<String> = []
    var unreported: Set<String> = []
    var capacity: [String: Bool] = [:]
    var random: SplitMix64
    var nextOrder: UInt64 = 0

    /// Begins where the ledger stands: what was held waits to be reclaimed, what was queued is dealt.
    ///
    /// - Parameters:
    ///   - configuration: The settings.
    ///   - state: What the ledger gave when it was opened.
    ///   - seed: Where the jitter of pauses comes from.
    ///   - now: The time.
    public init(configuration: DispatcherConfiguration = .init(), state: LedgerState, seed: UInt64, now: Moment) {
        self.configuration = configuration
        self.epoch = state.epoch
        self.random = SplitMix64(seed: seed)
        for record in state.unfinished where !record.status.state.isFinal {
            self.restore(record, now: now)
        }
        self.unreported = Set(state.reports.lazy.filter(\.isFinal).map(\.id))
    }

    /// What must be done at the very beginning: report what the platform has not taken, and say how busy we are.
    ///
    /// - Parameters:
    ///   - state: What the ledger gave when it was opened.
    ///   - now: The time.
    public mutating func begin(_ state: LedgerState, at now: Moment) -> [DispatcherAction] {
        var step = DispatcherStep()
        step.reports = state.reports
        return self.finish(&step, at: now)
    }

    private mutating func restore(_ record: TaskRecord, now: Moment) {
        let id = record.task.id
        var entry = DispatcherEntry(task: record.task, status: record.status, order: self.takeOrder())
        if record.status.state.isHeld { entry.leaseEnd = now.monotonic + self.configuration.reclaimGrace }
        self.insert(entry)
        switch record.status.state {
        case .leased, .running:
            self.orphans.insert(id)
        case .retrying:
            let pause = max(0, (record.status.notBefore ?? now.date).timeIntervalSince(now.date))
            self.delayed.insert(
                DispatcherDelayed(
                    id: id, attempt: entry.status.attempt, due: now.monotonic + .seconds(min(pause, 1e9))))
        case .queued, .completed, .dead, .cancelled, .expired:
            self.makeReady(id)
        }
    }

    // MARK: - What others may ask

    /// How many tasks have not ended.
    public var unfinishedCount: Int { self.entries.count }

    /// How many outcomes the platform has not taken.
    public var unreportedCount: Int { self.unreported.count }

    /// How many tasks workers hold.
    public var heldCount: Int { self.entries.values.count { $0.status.state.isHeld } }

    /// The record of a task that has not ended; nil for all others, which the ledger knows.
    public func record(of id: String) -> TaskRecord? {
        self.entries[id].map { TaskRecord(task: $0.task, status: $0.status) }
    }

    /// The workers, sorted by name.
    public func workerSummaries(at now: Moment) -> [WorkerSummary] {
        self.workers.values.map { worker in
            WorkerSummary(
                id: worker.id, name: worker.name, slots: worker.slots, held: worker.held.count, agents: worker.agents,
                queues: worker.queues, isDraining: worker.isDraining,
                isLive: worker.isLive(at: now.monotonic, suspicion: self.configuration.suspicion))
        }
        .sorted { ($0.name, $0.id.description) < ($1.name, $1.id.description) }
    }

    // MARK: - Steps

    mutating func takeOrder() -> UInt64 {
        defer { self.nextOrder += 1 }
        return self.nextOrder
    }

    /// Deals what can be dealt, and puts the step's actions in order.
    mutating func finish(_ step: inout DispatcherStep, at now: Moment) -> [DispatcherAction] {
        self.deal(&step, at: now)
        self.updateCapacity(&step, at: now)
        return step.actions
    }

    /// Says who is busy, when that has changed.
    mutating func updateCapacity(_ step: inout DispatcherStep, at now: Moment) {
        guard !self.configuration.agents.isEmpty else { return }
        var slots = 0
        var slotsOfAgent: [String: Int] = [:]
        for worker in self.workers.values
        where !worker.isDraining
            && worker.isLive(at: now.monotonic, suspicion: self.configuration.suspicion)
        {
            slots += worker.slots
            for agent in self.configuration.agents where worker.serves(agentID: agent) {
                slotsOfAgent[agent, default: 0] += worker.slots
            }
        }
        let stopped = self.isDraining || self.unreported.count >= self.configuration.maximumUnreported
        for agent in self.configuration.agents {
            let offered = slotsOfAgent[agent] ?? 0
            let isBusy =
                stopped || offered == 0 || self.entries.count >= slots
                || (self.unfinishedOfAgent[agent] ?? 0) >= offered
            if self.capacity.updateValue(isBusy, forKey: agent) != isBusy {
                step.capacities.append((agent, isBusy))
            }
        }
    }

    /// How many unfinished tasks name each agent.
    var unfinishedOfAgent: [String: Int] = [:]
}
