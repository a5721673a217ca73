// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HeapModule
import WeftBus
package import WeftProtocol
import WeftValue

/// The whole task plane as values, driven by one seed: a coordinator with its ledger and its outbox, workers, a platform, and whoever
/// submits, cancels and requeues.
///
/// Messages are delayed, held up, and lost with the connections that close; links overtake each other, none overtakes itself. Workers are
/// killed, paused, cut off and drained; the coordinator is killed between any two of its actions, pauses, and loses what had not reached
/// the disk. The platform loses requests and answers. Every step is checked; a promise that is not kept is thrown as
/// ``SimulationViolation``. The same seed gives the same run.
package struct TaskSimulation: Simulation {
    /// What is simulated.
    package let settings: SimulationSettings
    /// The seed.
    package let seed: UInt64
    /// What has happened so far.
    package internal(set) var report = SimulationReport()
    /// Takes a line for each thing that happens.
    package var trace: ((String) -> Void)?
    /// Whether there is a real ledger beside the simulated one, which whoever drives the simulation opens and writes.
    package var hasRealLedger = false
    /// What the real ledger is to be written, in its order.
    package var writes: [(changes: [LedgerChange], epoch: TaskEpoch)] = []
    /// Whether a coordinator waits for the real ledger to be opened: ``begin(_:)``.
    package internal(set) var awaitsLedger = false
    /// How often something has been written, sent or said.
    package internal(set) var steps = 0

    var random: SplitMix64
    var events = Heap<SimulationEvent>()
    var nextOrder: UInt64 = 0
    /// The time, in microseconds.
    var time: UInt64 = 0
    let end: UInt64
    var configuration = DispatcherConfiguration()

    var ledger = SimulatedLedger()
    var tasks: [SimulatedTask] = []
    var indices: [String: Int] = [:]
    var untold = 0
    var links: [SimulatedLink] = []
    var workers: [SimulatedWorker] = []
    var workerIndices: [NodeID: Int] = [:]
    var workersWanted = 0
    var hasClockJumps = false
    var queueHeld: [String: Int] = [:]
    var keyHeld: [String: Int] = [:]
    var totalHeld = 0

    // The coordinator.
    var isUp = false
    var life = 0
    var address = 0
    var dispatcher: Dispatcher
    var outbox: ReportOutbox
    var queue: [DispatcherAction] = []
    var isWriting = false
    var writing: [DispatcherAction] = []
    var performing: [DispatcherAction] = []
    var performed = 0
    /// Tasks whose beginning the platform knows, and whose end may follow once that is written.
    var releases: [String] = []
    var releasing: [String] = []
    var downs: [Int: Int] = [:]
    var startedAt: UInt64 = 0
    var pausedUntil: UInt64 = 0
    var clock: Double = 0
    var isDraining = false
    /// After how many more actions it is killed; nil for not.
    var killCountdown: Int?
    var killsMachine = false
    var ratedDeals = 0

    /// Workers that died by a task of theirs, and whose node is to die with them.
    var died: [Int] = []
    /// Until when nothing passes to and from a worker.
    var blocked: [Int: (up: UInt64, down: UInt64)] = [:]

    // The platform.
    var stream = 0
    var isStreamUp = false
    var outageUntil: UInt64 = 0

    /// Prepares a schedule.
    package init(seed: UInt64, settings: SimulationSettings = .init()) {
        self.seed = seed
        self.settings = settings
        self.random = SplitMix64(seed: seed)
        self.end = settings.span * 1000
        let state = LedgerState(epoch: TaskEpoch(ledgerID: "simulated", counter: 0))
        self.dispatcher = Dispatcher(state: state, seed: 0, now: Moment(monotonic: .init(nanoseconds: 0), date: .now))
        self.outbox = ReportOutbox(seed: 0)
        self.prepare()
    }

    /// Runs the schedule to its end.
    ///
    /// - Throws: ``SimulationViolation``.
    package mutating func run() throws {
        while try self.advance() {}
    }

    /// Does the next thing.
    ///
    /// - Returns: Whether there is more to do.
    package mutating func advance() throws -> Bool {
        if self.performed < self.performing.count {
            try self.performNext()
            return true
        }
        guard !self.isOver else {
            try self.checkEnd()
            self.noteCounters()
            self.report.duration = self.time / 1000
            return false
        }
        guard let event = self.events.popMin() else {
            throw SimulationViolation("nothing will ever happen again, and not all has ended: \(self.unfinished)")
        }
        self.time = max(self.time, event.time)
        guard self.time < self.end + self.settings.patience * 1000 else {
            throw SimulationViolation(
                "not everything ended within \(self.settings.patience / 1000) s after the last fault: \(self.unfinished)"
            )
        }
        self.report.events += 1
        self.report.mix(event.time ^ event.order << 40)
        try self.process(event)
        return true
    }

    /// Whether everything has come to rest.
    var isOver: Bool {
        self.time >= self.end && self.untold == 0 && self.ledger.unfinishedCount == 0 && self.ledger.reports.isEmpty
            && self.queue.isEmpty && !self.isWriting && self.isUp && self.outbox.isEmpty
            && self.workers.allSatisfy { !$0.isAlive || ($0.owed.isEmpty && $0.handlers.isEmpty) }
    }

    private var unfinished: String {
        let tasks = self.ledger.entries.values.filter { !$0.record.status.state.isFinal }
            .sorted { $0.order < $1.order }.prefix(3)
            .map { "\($0.record.task.id) is \($0.record.status.state) at attempt \($0.record.status.attempt)" }
        let owed = self.workers.indices.filter { self.workers[$0].isAlive && !self.workers[$0].owed.isEmpty }
        let untold = self.tasks.filter { !$0.isTold }.prefix(3).map(\.submission.id)
        return
            "\(self.untold) not accepted (\(untold.joined(separator: ", "))), \(self.ledger.unfinishedCount) unfinished (\(tasks.joined(separator: ", "))), \(self.ledger.reports.count) unreported, outcomes owed by workers \(owed), coordinator \(self.isUp ? "up" : "down"), outbox \(self.outbox.count)"
    }

    // MARK: - Time

    /// The time as the coordinator's process sees it.
    var now: Moment { self.moment(clock: self.clock) }

    func moment(clock: Double) -> Moment {
        Moment(
            monotonic: MonotonicTime(nanoseconds: (self.time + 1_000_000_000) * 1000),
            date: Date(timeIntervalSince1970: 1_800_000_000 + clock + Double(self.time) / 1e6))
    }

    /// Plans something.
    mutating func plan(_ kind: SimulationEvent.Kind, after delay: UInt64) {
        self.plan(kind, at: self.time + delay)
    }

    mutating func plan(_ kind: SimulationEvent.Kind, at time: UInt64) {
        self.events.insert(SimulationEvent(time: time, order: self.nextOrder, kind: kind))
        self.nextOrder += 1
    }

    /// A random delay between two numbers of milliseconds.
    mutating func delay(_ range: ClosedRange<UInt64>) -> UInt64 {
        UInt64.random(in: range.lowerBound * 1000...range.upperBound * 1000, using: &self.random)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self.random) < percent }

    mutating func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &self.random) }

    func note(_ text: @autoclosure () -> String) {
        guard let trace = self.trace else { return }
        let milliseconds = self.time / 1000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        trace("\(milliseconds / 1000).\(fraction)  \(text())")
    }

    // MARK: - Events

    mutating func process(_ event: SimulationEvent) throws {
        switch event.kind {
        case .submit(let task, let isRepeat): try self.submit(task, isRepeat: isRepeat)
        case .platformTask(let task): self.createAtPlatform(task)
        case .fromPlatform(let task, let life): try self.fromPlatform(task, life: life)
        case .lookedUp(let task, let record, let purpose, let life):
            guard self.isUp, life == self.life, !self.isDraining else { return }
            guard !self.waits(event, until: self.pausedUntil) else { return }
            try self.lookedUp(task, record, purpose)
        case .operate(let purpose): self.operate(purpose)
        case .coordinatorStarts: try self.startCoordinator()
        case .coordinatorTick(let life):
            guard self.isUp, life == self.life, !self.waits(event, until: self.pausedUntil) else { return }
            try self.step { dispatcher, now in dispatcher.tick(at: now) }
            try self.perform(self.outbox.tick(at: self.now.monotonic))
            self.plan(event.kind, after: 250_000)
        case .registered(let life, let stream): self.registered(life: life, stream: stream)
        case .poll(let life): try self.poll(life: life)
        case .written(let life):
            guard self.isUp, life == self.life, !self.waits(event, until: self.pausedUntil) else { return }
            try self.written()
        case .workerStarts: self.startWorker()
        case .workerTick(let worker):
            guard self.workers[worker].isAlive, !self.waits(event, until: self.workers[worker].pausedUntil) else {
                return
            }
            try self.stepWorker(worker) { machine, now in machine.tick(at: now) }
            if self.workers[worker].isAlive { self.plan(event.kind, after: 250_000) }
        case .discover(let worker, let life): try self.discover(worker, life: life, event)
        case .rosterForgets(let worker, let life):
            guard !self.isUp, life == self.life, self.workers[worker].isAlive else { return }
            try self.stepWorker(worker) { machine, now in machine.coordinatorLost(at: now) }
        case .deliver(let link): try self.deliver(link)
        case .linkOpens(let link): try self.opens(link)
        case .linkCloses(let link, _): try self.closes(link, event)
        case .handlerEnds(let worker, let key):
            guard self.workers[worker].isAlive, !self.waits(event, until: self.workers[worker].pausedUntil) else {
                return
            }
            try self.endHandler(of: worker, key)
        case .workerDies(let worker):
            if self.settings.isDriven, self.workers[worker].isAlive { self.died.append(worker) }
            self.kill(worker)
        case .drainExpires(let worker):
            guard self.workers[worker].isAlive else { return }
            self.workers[worker].isForced = true
            try self.stepWorker(worker) { machine, now in machine.drainExpired(at: now) }
        case .update(let item, let isMetrics, let life): try self.update(item, isMetrics: isMetrics, life: life)
        case .answer(let item, let outcome, let isOver, let life):
            guard self.isUp, life == self.life, !self.waits(event, until: self.pausedUntil) else { return }
            try self.answered(item, outcome, isOver: isOver)
        case .drained(let life):
            guard self.isUp, life == self.life else { return }
            self.note("coordinator has drained and leaves")
            try self.crash(machine: false)
        case .fault: try self.fault()
        }
    }

    /// Puts an event off while the process it happens to stands still.
    mutating func waits(_ event: SimulationEvent, until time: UInt64) -> Bool {
        guard time > self.time else { return false }
        self.plan(event.kind, at: time)
        return true
    }
}
