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
/// handler failed, or dead when its attempts are used up, or cancelled, or expired. Each dealing raises the attempt; whatever is
/// said about an older attempt or by an older epoch is counted, dropped, and the worker told, so that a task has one accepted outcome.
///
/// All waiting is measured on the clock that never jumps. The dates in a task's record are what a ledger can keep of it; when the
/// wall clock is seen to jump they are written anew, so that neither that nor a restart after it begins or ends anything too early.
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
    /// Whether it is announced that attempts begin; whoever has nobody to tell spares it.
    public var announcesStarts = true

    var entries = DispatcherEntries()
    /// About how many bytes the tasks take that wait or run.
    var unfinishedBytes = 0
    var workers: [NodeID: DispatcherWorker] = [:]
    /// The workers that could hold more.
    var roomy: Set<NodeID> = []
    var queues = DispatcherQueues()
    var queueSweep = 1024
    var classes: [Int: DispatcherClass] = [:]
    var classNumbers: [DispatcherClass.Key: Int] = [:]
    var nextClass = 0
    /// Where the turns of the queues have got to.
    var turn = 0.0
    /// How many tasks workers hold, orphans included.
    var running = 0
    var timers = Heap<DispatcherTimer>()
    /// Tasks whose worker has not come back since the restart, by that worker.
    var orphans: [NodeID: Set<String>] = [:]
    /// Tasks that wait for others to complete, by those.
    var successors: [String: Set<String>] = [:]
    var finished: DispatcherMemory
    var unreported: Set<String> = []
    var load = DispatcherLoad()
    var lastMoment: Moment
    var random: SplitMix64
    var nextOrder: UInt64 = 0
    var lastStep: UInt64 = 0

    /// Begins where the ledger stands: what was held waits to be reclaimed, what was queued is dealt.
    ///
    /// - Parameters:
    ///   - configuration: The settings.
    ///   - state: What the ledger gave when it was opened.
    ///   - seed: Where the jitter of pauses comes from.
    ///   - now: The time.
    public init(configuration: DispatcherConfiguration = .init(), state: LedgerState, seed: UInt64, now: Moment) {
        self.configuration = configuration
        self.finished = DispatcherMemory(limit: configuration.recentlyFinished)
        self.epoch = state.epoch
        self.random = SplitMix64(seed: seed)
        self.lastMoment = now
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
        var step = self.beginStep()
        step.reports = state.reports
        self.buryUnreachable(&step, at: now)
        return self.finish(&step, at: now)
    }

    // MARK: - What others may ask

    /// How many tasks have not ended.
    public var unfinishedCount: Int { self.entries.count }

    /// How many outcomes the platform has not taken.
    public var unreportedCount: Int { self.unreported.count }

    /// How many tasks workers hold.
    public var heldCount: Int { self.running }

    /// When ``tick(at:)`` is next worth calling, beside the regular calls that workers' heartbeats need; nil when nothing waits for a time.
    public var nextDue: MonotonicTime? { self.timers.min?.due }

    /// The agent's tasks of the platform that a worker has begun, that have not ended, and that nobody has cancelled; without those that were
    /// requeued here, about which the platform's word is older than ours.
    public func begun(agentID: String) -> [String] {
        self.entries.values.lazy.filter { entry in
            entry.task.source == .platform && entry.task.agentID == agentID && entry.status.hasBegun
                && entry.status.cancelReason == nil && entry.status.requeues == 0
        }
        .map(\.task.id)
    }

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

    mutating func beginStep() -> DispatcherStep {
        self.lastStep += 1
        return DispatcherStep(number: self.lastStep)
    }

    mutating func takeOrder() -> UInt64 {
        defer { self.nextOrder += 1 }
        return self.nextOrder
    }

    /// Deals what can be dealt, and puts the step's actions in order.
    mutating func finish(_ step: inout DispatcherStep, at now: Moment) -> [DispatcherAction] {
        // One by one and not from each other's end: a chain may be long.
        var next = 0
        while next < step.settled.count {
            let (id, state, outcome) = step.settled[next]
            self.settleSuccessors(of: id, outcome: (state, outcome), &step, at: now)
            next += 1
        }
        self.deal(&step, at: now)
        step.complete(&self.entries)
        self.updateCapacity(&step, at: now)
        return step.actions
    }
}
