// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials
package import Logging
public import ServiceLifecycle
public import WeftBus
package import WeftProtocol
import WeftValue
package import ZeroMQ

/// Owns the ledger, deals tasks to workers, and tells the platform what became of them.
///
/// All decisions are a ``Dispatcher``'s; the coordinator performs its actions in their order, and nothing is sent or said before the ledger
/// has what it is about. It lives on the node's socket loop.
public actor Coordinator: Service {
    enum Phase {
        case idle
        case running
        case draining
        case stopped
    }

    nonisolated let loop: SocketLoop
    /// The socket loop, which is where the coordinator's own code runs.
    nonisolated public var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
    /// The node that the coordinator belongs to.
    nonisolated public let id: NodeID
    let ledger: any Ledger
    /// The same ledger, when it is one that never waits.
    let immediate: (any ImmediateLedger)?
    let configuration: CoordinatorConfiguration
    let platform: CoordinatorPlatform?
    let node: Node?
    let logger: Logger

    private var hasRun = false
    var phase = Phase.idle
    var dispatcher: Dispatcher?
    var outbox: ReportOutbox
    /// What is still to be performed, in its order.
    var queue: [DispatcherAction] = []
    /// How many steps have been queued, and how many of them have been performed.
    var queuedSteps: UInt64 = 0
    var performedSteps: UInt64 = 0
    var wake: AsyncStream<Void>.Continuation?
    var reports: AsyncStream<(item: ReportItem, isMetrics: Bool)>.Continuation?
    var sink: SocketID?
    var links: [NodeID: DispatchLink] = [:]
    var timer: TimerID?
    /// When the timer fires; nil while it is not set.
    private var tickAt: MonotonicTime?
    var conditions: [CoordinatorCondition] = []
    var acceptances: [String: Deque<CheckedContinuation<TaskState, any Error>>] = [:]
    /// Who is to hear of the ends of tasks that were submitted with many, by the tags of these.
    var flows: [UInt64: WeakFlow] = [:]
    /// Who waits to hear that many tasks were taken, in the order of the steps that have taken them.
    var answering: Deque<AcceptanceBatch> = []
    /// Whether anybody on this node's bus wants to hear of tasks; most nodes have nobody, and there may be many.
    var hearers = (started: false, ended: false)
    /// What they are to hear, once all of a batch is performed.
    var flowing: [(tag: UInt64, records: [TaskRecord])] = []
    var endWaiters: [String: [(continuation: CheckedContinuation<TaskRecord?, Never>, deadline: MonotonicTime)]] = [:]
    var isPerforming = false
    /// Why nothing can be written; nil while all is well.
    var ledgerTrouble: LedgerTrouble?
    /// The agents that the platform has registered at least once.
    var registeredAgents: Set<String> = []
    var progress = ProgressRelay()
    var progressEvents: AsyncStream<[Value]>.Continuation?
    var progressPushes: AsyncStream<(task: TaskSubmission, value: Value)>.Continuation?
    /// The tasks of which progress is on its way to the platform.
    var pushing: Set<String> = []
    /// When a coordinator that drains waits no longer; nil before.
    private var drainEnd: MonotonicTime?
    /// How many tasks a drain did not wait for any longer.
    private var interrupted = 0
    /// Tasks whose beginning the platform has, while the ledger is made to forget it.
    var releases: [String] = []
    /// Asks for a look at the platform's list, by agent.
    var reconcilers: [String: AsyncStream<Void>.Continuation] = [:]
    /// What listens for events that become tasks.
    var triggers: [Subscription] = []
    /// How many tasks were found in the platform's list that the ledger lacked.
    var adopted = 0
    /// When the platform may be asked for a task again.
    var nextPlatformRead = MonotonicTime(nanoseconds: 0)
    var badFrames = 0
    var security: NodeSecurity?
    var securityToken: UInt64?
    var blockedSends = 0
    private var stop: AsyncStream<Void>.Continuation?
    private let stopSignal: AsyncStream<Void>
    private var startedWaiters: [CheckedContinuation<Void, any Error>] = []
    /// The sink as workers dial it, once it is bound.
    package private(set) var sinkEndpoint: String?
    /// Takes what happens to tasks, on the loop.
    package var onEvent: (@Sendable (TaskEvent) -> Void)?

    /// Creates a coordinator on a socket loop.
    ///
    /// - Parameters:
    ///   - id: The node that it belongs to.
    ///   - loop: The node's socket loop.
    ///   - ledger: Where tasks are recorded.
    ///   - platform: The platform's side; nil to run without one.
    ///   - node: The node whose members may submit and be workers; nil for none, in tests.
    ///   - configuration: The settings.
    ///   - logger: Where it says what it does.
    package init(
        id: NodeID, loop: SocketLoop, ledger: any Ledger, platform: CoordinatorPlatform? = nil, node: Node? = nil,
        configuration: CoordinatorConfiguration = .init(), logger: Logger
    ) {
        self.node = node
        self.id = id
        self.loop = loop
        self.ledger = ledger
        self.immediate = ledger as? any ImmediateLedger
        self.platform = platform
        self.configuration = configuration
        self.logger = logger
        self.outbox = ReportOutbox(
            pauses: configuration.reportPauses, seed: SystemRandomNumberGenerator.seed())
        (self.stopSignal, self.stop) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: - Life

    /// Runs until it is stopped, which drains, or cannot go on.
    ///
    /// - Throws: ``TaskPlaneFailure`` with code `conflict` when the platform says that somebody else serves the agent, and with `superseded`
    ///   when another coordinator has taken the ledger.
    public func run() async throws {
        guard !self.hasRun else { throw TaskPlaneFailure(.alreadyRun, "A coordinator runs once; create another one.") }
        self.hasRun = true
        do {
            try await self.begin()
        } catch {
            self.end(error)
            throw error
        }
        do {
            try await withGracefulShutdownHandler {
                try await self.serve()
            } onGracefulShutdown: {
                self.loop.post { [weak self] in self?.assumeIsolated { $0.requestStop() } }
            }
            self.end(nil)
        } catch {
            self.end(error)
            await self.ledger.close()
            throw error
        }
        await self.ledger.close()
    }

    /// Asks the coordinator to let work end and leave; ``run()`` then returns.
    public func requestStop() {
        self.stop?.yield()
        self.stop?.finish()
    }

    /// Returns when workers can register and tasks can be submitted.
    package func waitUntilStarted() async throws {
        guard case .idle = self.phase else { return }
        try await withCheckedThrowingContinuation { self.startedWaiters.append($0) }
    }

    /// Returns when the platform has registered every agent that is served; at once without a platform.
    ///
    /// - Throws: ``TaskPlaneFailure`` with code `stopped` when the coordinator ends before.
    public func waitUntilRegistered() async throws {
        let wanted = Set(self.platform?.agentIDs ?? [])
        // For as long as it takes: whoever is tired of waiting stops the coordinator.
        let isRegistered = await self.waitUntil(within: .seconds(365 * 86_400)) { coordinator in
            coordinator.phase == .running && coordinator.registeredAgents.isSuperset(of: wanted)
        }
        guard isRegistered else { throw TaskPlaneFailure(.stopped, "The coordinator has stopped.") }
    }

    /// How it stands; nil before it has opened its ledger.
    public var status: CoordinatorStatus? {
        guard let dispatcher = self.dispatcher else { return nil }
        return CoordinatorStatus(
            epoch: dispatcher.epoch, unfinished: dispatcher.unfinishedCount, held: dispatcher.heldCount,
            unreported: dispatcher.unreportedCount, workers: dispatcher.workerSummaries(at: ProcessClock.now),
            counters: dispatcher.counters, reports: self.outbox.counters, adopted: self.adopted,
            badFrames: self.badFrames)
    }

    /// How a drain goes, or would go.
    ///
    /// With a durable ledger only what workers hold is waited for: what is queued stays there for the next coordinator.
    public var drainStatus: DrainStatus {
        DrainStatus(
            running: self.phase == .stopped ? 0 : self.awaitedCount,
            timeLeft: self.drainEnd.map { max(.zero, $0 - .now) } ?? self.configuration.drainDeadline,
            interrupted: self.interrupted)
    }

    /// Whether all that has been decided is written and said.
    var hasPerformedAll: Bool { self.queue.isEmpty && !self.isPerforming }

    /// Whether nothing is being written that a coordinator which stops should wait for.
    private var mayLeave: Bool { self.hasPerformedAll || self.isTroubledForLong }

    /// How many tasks a drain waits for.
    private var awaitedCount: Int {
        (self.ledger.isDurable ? self.dispatcher?.heldCount : self.dispatcher?.unfinishedCount) ?? 0
    }

    private func begin() async throws {
        var settings = self.configuration.dispatcher
        settings.agents = self.platform?.agentIDs ?? []
        let state = try await self.ledger.open()
        let now = ProcessClock.now
        var dispatcher = Dispatcher(
            configuration: settings, state: state, seed: SystemRandomNumberGenerator.seed(), now: now)
        self.queue = dispatcher.begin(state, at: now)
        self.dispatcher = dispatcher
        let address: PlaneAddress
        if let node = self.node, self.configuration.bind == nil {
            address = await PlaneAddress(of: node, portsAbove: 2)
        } else {
            address = PlaneAddress(bind: self.configuration.bind, advertise: self.configuration.advertise)
        }
        try self.bindSink(address)
        self.phase = .running
        await self.enter(state.epoch)
        self.beginTriggers()
        self.logger.info(
            "Coordinating",
            metadata: [
                "coordinator.epoch": "\(state.epoch)", "coordinator.sink": "\(self.sinkEndpoint ?? "")",
                "tasks.unfinished": "\(state.unfinished.count)", "reports.unfinished": "\(state.reports.count)",
            ])
        for waiter in self.startedWaiters { waiter.resume() }
        self.startedWaiters = []
    }

    private func serve() async throws {
        let (wakeUps, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.wake = wake
        let (items, reports) = AsyncStream.makeStream(of: (item: ReportItem, isMetrics: Bool).self)
        self.reports = reports
        let (events, progressEvents) = AsyncStream.makeStream(
            of: [Value].self, bufferingPolicy: .bufferingNewest(Self.progressBacklog))
        self.progressEvents = progressEvents
        let (pushes, progressPushes) = AsyncStream.makeStream(of: (task: TaskSubmission, value: Value).self)
        self.progressPushes = progressPushes
        wake.yield()
        self.tick()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.perform(wakeUps) }
            group.addTask { await self.send(items) }
            group.addTask { await self.watchForOthers() }
            group.addTask { await self.emitProgress(events) }
            group.addTask { await self.pushProgress(pushes) }
            group.addTask { await self.followMembers() }
            for agentID in self.platform?.agentIDs ?? [] {
                let (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
                self.reconcilers[agentID] = ring
                group.addTask { try await self.follow(agentID) }
                group.addTask { try await self.reconcile(agentID, whenRung: bell) }
                group.addTask { try await self.poll(agentID) }
            }
            group.addTask {
                for await _ in self.stopSignal { break }
                try Task.checkCancellation()
                await self.drain()
            }
            defer { group.cancelAll() }
            // Whoever ends first decides: the drain has ended, or something has failed. An agent's stream that was closed ends too, quietly.
            while try await group.next() != nil {
                if case .stopped = self.phase { break }
            }
        }
    }

    /// Lets work end, and the platform know of it.
    private func drain() async {
        self.phase = .draining
        self.endTriggers()
        self.drainEnd = .now + self.configuration.drainDeadline
        self.platform?.closeStreams()
        let isDurable = self.ledger.isDurable
        self.logger.info("Draining", metadata: ["tasks.unfinished": "\(self.dispatcher?.unfinishedCount ?? 0)"])
        self.step { dispatcher, now in dispatcher.drain(dealsOn: !isDurable, at: now) }
        _ = await self.waitUntil(within: self.configuration.drainDeadline) { coordinator in
            guard let dispatcher = coordinator.dispatcher, coordinator.mayLeave else { return false }
            if isDurable { return dispatcher.heldCount == 0 }
            return dispatcher.unfinishedCount == 0
                || !dispatcher.workerSummaries(at: ProcessClock.now).contains(where: \.isLive)
        }
        self.interrupted = self.awaitedCount
        if !isDurable {
            self.step { dispatcher, now in
                dispatcher.abandonAll(
                    reason: "The coordinator stopped before the task had ended; it was not kept.", at: now)
            }
        }
        for action in self.outbox.hurry(at: MonotonicTime.now) { self.perform(action) }
        await self.leave()
        let isFlushed = await self.waitUntil(within: self.configuration.flushDeadline) { coordinator in
            coordinator.mayLeave && coordinator.outbox.isEmpty
        }
        if !isFlushed {
            self.logger.warning(
                "Left before the platform took everything", metadata: ["reports.left": "\(self.outbox.count)"])
        }
        self.phase = .stopped
    }

    private func end(_ error: (any Error)?) {
        self.phase = .stopped
        self.endTriggers()
        // Whoever runs the coordinator gets the error, and says it.
        if let error { self.logger.info("Stopped", metadata: ["error": "\(error)"]) }
        if let timer = self.timer { self.loop.cancel(timer) }
        self.tickAt = nil
        if let sink = self.sink { self.loop.close(sink) }
        if let token = self.securityToken { self.security?.stopObserving(token) }
        for link in self.links.values { self.loop.close(link.socket) }
        self.links = [:]
        self.sink = nil
        self.wake?.finish()
        self.reports?.finish()
        self.progressEvents?.finish()
        self.progressPushes?.finish()
        for ring in self.reconcilers.values { ring.finish() }
        let reason = error ?? TaskPlaneFailure(.stopped, "The coordinator has stopped.")
        for waiter in self.startedWaiters { waiter.resume(throwing: reason) }
        // A write may have been on its way, and the next coordinator can tell.
        let open = TaskRefusal(
            .undecided, "Whether this was recorded is open; ask again with the same id, which does no harm. \(reason)")
        for waiter in self.acceptances.values.joined() { waiter.resume(throwing: open) }
        for condition in self.conditions { condition.continuation.resume(returning: false) }
        for waiter in self.endWaiters.values.joined() { waiter.continuation.resume(returning: nil) }
        self.startedWaiters = []
        self.endWaiters = [:]
        self.acceptances = [:]
        for batch in self.answering { batch.continuation.resume(throwing: open) }
        self.answering = []
        for weak in self.flows.values { weak.flow?.finish() }
        self.flows = [:]
        self.conditions = []
    }

    private func bindSink(_ address: PlaneAddress) throws {
        var options = Socket.Options()
        options.maximumMessageSize = TaskDefaults.maximumFrameBytes
        options.receiveHighWaterMark = 10_000
        let socket = try Socket(.pull, in: self.loop.context, options: options)
        self.security = self.node?.core?.security
        try self.security?.secure(server: socket, .sink)
        let advertised = try address.bind(socket)
        self.sink = try self.loop.add(
            socket,
            SocketHandlers(
                onMessages: { [weak self] messages in self?.assumeIsolated { $0.received(messages) } },
                onEvents: self.node?.core?.doorkeeper.monitor))
        self.securityToken = self.security?.observe { [weak self] change in
            self?.assumeIsolated { $0.keysChanged(change) }
        }
        self.sinkEndpoint = advertised
    }

    private func tick() {
        self.tickAt = nil
        guard self.phase == .running || self.phase == .draining else { return }
        self.step { dispatcher, now in dispatcher.tick(at: now) }
        for action in self.outbox.tick(at: MonotonicTime.now) { self.perform(action) }
        self.perform(self.progress.tick(at: MonotonicTime.now))
        self.checkConditions()
        self.expireEndWaiters()
        self.expireAcceptances()
        self.setTimer()
    }

    /// Ticks at the regular pace, or earlier when something is due earlier.
    private func setTimer() {
        let now = MonotonicTime.now
        let due = self.dispatcher?.nextDue.map { max($0, now + .milliseconds(1)) }
        let next = min(due ?? now + Self.pace, now + Self.pace)
        self.tickAt = next
        self.timer = self.loop.schedule(after: next - now) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    /// Something has become due earlier than the timer fires.
    func hastenTimer() {
        guard let tickAt = self.tickAt, let due = self.dispatcher?.nextDue,
            max(due, MonotonicTime.now + .milliseconds(1)) < tickAt
        else { return }
        if let timer = self.timer { self.loop.cancel(timer) }
        self.setTimer()
    }

    private static let pace = Duration.milliseconds(250)
}

extension SystemRandomNumberGenerator {
    /// A seed for a state machine.
    static func seed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
