// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials
package import Logging
public import ServiceLifecycle
public import WeftBus
public import WeftProtocol
import WeftValue
package import ZeroMQ

/// Runs tasks that a coordinator deals, with whatever ``TaskRunner`` it is given.
///
/// It lives on the node's socket loop; handlers run elsewhere, at most as many at once as there are slots. What they come to is kept until the
/// coordinator has it in its ledger, whatever happens to the coordinator meanwhile.
public actor Worker: Service {
    private enum Phase {
        case idle
        case running
        case stopped
    }

    nonisolated private let loop: SocketLoop
    /// The socket loop, which is where the worker's own code runs.
    nonisolated public var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
    /// The node that the worker belongs to.
    nonisolated public let id: NodeID
    private let name: String
    private let runner: any TaskRunner
    private let configuration: WorkerConfiguration
    private let node: Node?
    private let logger: Logger

    private var phase = Phase.idle
    private var machine: WorkerMachine?
    private var pull: SocketID?
    private var push: SocketID?
    private var timer: TimerID?
    private var handlers: HandlerPool?
    /// When a worker that drains stops what still runs; nil before.
    private var drainEnd: MonotonicTime?
    private var sink: (endpoint: String, epoch: TaskEpoch?)?
    private var stopContinuation: AsyncStream<Void>.Continuation?
    private let stopSignal: AsyncStream<Void>
    private var known: CoordinatorAddress?
    /// The node whose sink is known.
    private var coordinatorID: NodeID?
    private var security: NodeSecurity?
    private var securityToken: UInt64?
    private var isStopRequested = false
    private var registrationWaiters: [CheckedContinuation<Void, any Error>] = []
    private var badFrames = 0
    private var blockedSends = 0

    /// Creates a worker on a socket loop.
    ///
    /// - Parameters:
    ///   - id: The node that it belongs to.
    ///   - name: The node's name.
    ///   - loop: The node's socket loop.
    ///   - runner: What runs the tasks.
    ///   - node: The node whose roster names the coordinator; nil for none, in tests.
    ///   - configuration: The settings.
    ///   - logger: Where it says what it does.
    package init(
        id: NodeID, name: String, loop: SocketLoop, runner: any TaskRunner, node: Node? = nil,
        configuration: WorkerConfiguration, logger: Logger
    ) {
        self.node = node
        self.id = id
        self.name = name
        self.loop = loop
        self.runner = runner
        self.configuration = configuration
        self.logger = logger
        (self.stopSignal, self.stopContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: - Life

    /// Runs tasks until the worker is stopped or drained; cancelling the task that runs this aborts.
    public func run() async throws {
        guard case .idle = self.phase else {
            throw TaskPlaneFailure(.alreadyRun, "A worker runs once; create another one.")
        }
        self.phase = .running
        let handlers = HandlerPool(self.runner, loop: self.loop) { [weak self] in
            self?.assumeIsolated { $0.takeNews() }
        }
        self.handlers = handlers
        do {
            try await self.begin()
        } catch {
            self.end()
            throw error
        }
        await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await self.serve(handlers)
            } onCancel: {
                self.loop.post { [weak self] in self?.assumeIsolated { $0.abort() } }
            }
        } onGracefulShutdown: {
            self.loop.post { [weak self] in self?.assumeIsolated { $0.drain() } }
        }
        self.end()
    }

    /// Asks the worker to finish what it runs and leave; ``run()`` then returns.
    public func stop() {
        self.drain()
    }

    /// What the worker has done.
    public var counters: WorkerCounters { self.machine?.counters ?? WorkerCounters() }

    /// Whether a coordinator has taken the worker on.
    public var isRegistered: Bool { self.machine?.isRegistered ?? false }

    /// Returns when a coordinator has taken the worker on.
    ///
    /// - Throws: ``TaskPlaneFailure`` with code `stopped` when the worker ends before.
    public func waitUntilRegistered() async throws {
        guard !self.isRegistered else { return }
        guard self.phase != .stopped else { throw TaskPlaneFailure(.stopped, "The worker has stopped.") }
        try await withCheckedThrowingContinuation { self.registrationWaiters.append($0) }
    }

    /// How many handlers run.
    public var runningCount: Int { self.machine?.runningCount ?? 0 }

    /// How a drain goes, or would go.
    public var drainStatus: DrainStatus {
        DrainStatus(
            running: self.runningCount,
            timeLeft: self.drainEnd.map { max(.zero, $0 - .now) } ?? self.configuration.drainDeadline,
            interrupted: self.counters.interrupted)
    }

    private func begin() async throws {
        let address: PlaneAddress
        if let node = self.node, self.configuration.bind == nil {
            address = await PlaneAddress(of: node, portsAbove: 3)
        } else {
            address = PlaneAddress(bind: self.configuration.bind, advertise: self.configuration.advertise)
        }
        var options = Socket.Options()
        options.maximumMessageSize = TaskDefaults.maximumFrameBytes
        let socket = try Socket(.pull, in: self.loop.context, options: options)
        self.security = self.node?.core?.security
        try self.security?.secure(server: socket, .dispatch)
        let advertised = try address.bind(socket)
        let pull = try self.loop.add(
            socket,
            SocketHandlers(
                onMessages: { [weak self] messages in self?.assumeIsolated { $0.received(messages) } },
                onEvents: self.node?.core?.doorkeeper.monitor))
        self.pull = pull
        self.securityToken = self.security?.observe { [weak self] change in
            self?.assumeIsolated { $0.keysChanged(change) }
        }
        var settings = WorkerMachine.Configuration(
            name: self.name, slots: self.configuration.slots, agents: self.runner.agentIDs,
            queues: self.configuration.queues, endpoint: advertised)
        settings.coordinatorGrace = self.configuration.coordinatorGrace
        settings.stopGrace = self.configuration.stopGrace
        self.machine = WorkerMachine(id: self.id, configuration: settings, now: ProcessClock.now)
        if let sink = self.sink { self.coordinatorChanged(sink: sink.endpoint, epoch: sink.epoch) }
        self.tick()
        if self.isStopRequested { self.drain() }
    }

    private func serve(_ handlers: HandlerPool) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.followRoster() }
            for await _ in handlers.runnersWanted { handlers.addRunner() }
            // Nothing is left to run, or all of it has been told to stop.
            group.cancelAll()
        }
        await handlers.close()
    }

    /// Looks for a coordinator in the roster, for as long as the worker runs.
    private func followRoster() async {
        guard let node = self.node else { return }
        await node.join(role: .worker)
        for await members in node.memberChanges() {
            let member = CoordinatorAddress.newestMember(among: members)
            let coordinator = member.flatMap { CoordinatorAddress($0) }
            guard coordinator != self.known else { continue }
            self.coordinatorID = member?.record.id
            if self.security != nil, let known = self.known, let coordinator, known.key != coordinator.key,
                known.sink == coordinator.sink, known.epoch == coordinator.epoch
            {
                // The same sink, which proves another key.
                self.known = coordinator
                self.reopenPush()
                continue
            }
            self.known = coordinator
            self.coordinatorChanged(sink: coordinator?.sink, epoch: coordinator?.epoch)
        }
    }

    private func end() {
        self.phase = .stopped
        if let timer = self.timer { self.loop.cancel(timer) }
        if let pull = self.pull { self.loop.close(pull) }
        if let token = self.securityToken { self.security?.stopObserving(token) }
        self.closePush()
        self.pull = nil
        self.timer = nil
        for waiter in self.registrationWaiters {
            waiter.resume(throwing: TaskPlaneFailure(.stopped, "The worker has stopped."))
        }
        self.registrationWaiters = []
    }

    private func drain() {
        self.logger.info("Draining", metadata: ["tasks.running": "\(self.runningCount)"])
        // One that has not begun yet stops as soon as it has.
        self.isStopRequested = true
        guard case .running = self.phase, self.machine != nil else { return }
        guard self.drainEnd == nil else { return }
        self.drainEnd = .now + self.configuration.drainDeadline
        self.step { machine, now in machine.drain(at: now) }
        self.loop.schedule(after: self.configuration.drainDeadline) { [weak self] in
            self?.assumeIsolated { worker in worker.step { machine, now in machine.drainExpired(at: now) } }
        }
    }

    private func abort() {
        self.step { machine, now in machine.leave(at: now) }
        self.handlers?.finish()
    }

    // MARK: - The machine

    /// The roster names a coordinator, or none any more.
    package func coordinatorChanged(sink endpoint: String?, epoch: TaskEpoch?) {
        self.sink = endpoint.map { ($0, epoch) }
        self.step { machine, now in
            if let endpoint {
                machine.coordinatorFound(endpoint: endpoint, epoch: epoch, at: now)
            } else {
                machine.coordinatorLost(at: now)
            }
        }
    }

    private func step(_ body: (inout WorkerMachine, Moment) -> [WorkerAction]) {
        guard var machine = self.machine else { return }
        self.machine = nil
        let unstoppable = machine.counters.unstoppable
        let actions = body(&machine, ProcessClock.now)
        self.machine = machine
        if machine.counters.unstoppable > unstoppable {
            self.logger.info(
                "Handlers do not stop; their attempts are ended without them",
                metadata: ["handlers.lingering": "\(machine.lingeringCount)"])
        }
        var starts: [TaskRequest] = []
        for action in actions {
            if case .start(let request) = action {
                starts.append(request)
                continue
            }
            if case .cancel = action, !starts.isEmpty {
                self.handlers?.start(starts)
                starts = []
            }
            self.perform(action)
        }
        if !starts.isEmpty { self.handlers?.start(starts) }
        guard self.isRegistered, !self.registrationWaiters.isEmpty else { return }
        for waiter in self.registrationWaiters { waiter.resume() }
        self.registrationWaiters = []
    }

    private func perform(_ action: WorkerAction) {
        switch action {
        case .connect(let endpoint):
            self.openPush(endpoint)
        case .disconnect:
            self.closePush()
        case .send(let message):
            guard let push = self.push else { return }
            let result = self.loop.send(TaskFrame.encode(message, from: self.id), on: push)
            if !result.isSent {
                // Outcomes are sent again until they are acknowledged, heartbeats come by themselves.
                self.blockedSends += 1
                self.logger.debug("Sink does not take more", metadata: ["result": "\(result)"])
            }
        case .start:
            break
        case .cancel(let id, let attempt, let reason):
            self.logger.debug("Cancelling", metadata: ["task.id": "\(id)", "reason": "\(reason)"])
            self.handlers?.cancel(AttemptKey(id: id, attempt: attempt), reason: reason)
        case .drained:
            self.handlers?.finish()
        }
    }

    /// Takes what handlers have come to and reported: what one said last comes before its end.
    private func takeNews() {
        guard let news = self.handlers?.takeNews() else { return }
        for (key, value, replaced) in news.progress {
            self.step { machine, now in
                machine.counters.progressCoalesced += replaced
                return machine.progressed(id: key.id, attempt: key.attempt, value, at: now)
            }
        }
        guard !news.ended.isEmpty else { return }
        self.step { machine, now in machine.finished(news.ended, at: now) }
    }

    private func tick() {
        guard case .running = self.phase else { return }
        self.step { machine, now in machine.tick(at: now) }
        self.timer = self.loop.schedule(after: .milliseconds(250)) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    // MARK: - Sockets

    private func received(_ messages: [Message]) {
        for message in messages {
            // Whoever deals tasks must be a coordinator by its key.
            if let security = self.security, !security.mayAct(message.userID, as: .coordinator) { continue }
            do throws(TaskPlaneError) {
                let (content, worker, epoch) = try TaskFrame.decodeCoordinatorMessage(message.first[...])
                let limited = self.limited(content)
                self.step { machine, now in machine.received(limited, for: worker, epoch: epoch, at: now) }
            } catch {
                self.badFrames += 1
                self.logger.debug("Frame skipped", metadata: ["error": "\(error)"])
            }
        }
    }

    /// The message, with the time limits that the runner itself has.
    private func limited(_ message: CoordinatorMessage) -> CoordinatorMessage {
        guard case .dispatch(var requests) = message else { return message }
        for index in requests.indices {
            guard let limit = self.runner.timeLimit(of: requests[index]) else { continue }
            requests[index].timeLimit = min(requests[index].timeLimit ?? limit, limit)
        }
        return .dispatch(requests)
    }

    /// Keys have come or gone: those that have gone lose their connections, and a new one of this node is shown to all.
    private func keysChanged(_ change: SecurityChange) {
        guard case .running = self.phase, let security = self.security else { return }
        if change.ends(.dispatch), let pull = self.pull {
            do throws(ZeroMQError) {
                try self.loop.rebind(pull, onTrouble: security.trouble(with: .dispatch)) { socket throws(ZeroMQError) in
                    try security.secure(server: socket, .dispatch)
                }
            } catch {
                self.logger.error("A socket could not be bound anew", metadata: ["error": "\(error)"])
            }
        }
        if change.isRotated { self.reopenPush() }
    }

    /// Opens the link to the sink anew and registers over it; what was not acknowledged is sent again.
    private func reopenPush() {
        guard self.push != nil, let endpoint = self.sink?.endpoint else { return }
        self.step { machine, now in machine.connectionClosed(at: now) }
        self.openPush(endpoint)
    }

    private func openPush(_ endpoint: String) {
        self.closePush()
        do throws(ZeroMQError) {
            var options = Socket.Options()
            options.maximumMessageSize = TaskDefaults.maximumFrameBytes
            options.reconnectIntervalMaximum = .seconds(1)
            // The goodbye, and outcomes said just before it, still go out after the socket is closed.
            options.linger = .seconds(2)
            let socket = try Socket(.push, in: self.loop.context, options: options)
            if let security = self.security {
                guard let key = self.coordinatorID.flatMap({ security.key(of: $0) }) else {
                    throw ZeroMQError(.invalidKey, "the coordinator's key is not trusted")
                }
                try security.secure(client: socket, to: key)
            }
            try socket.connect(try Endpoint(advertised: endpoint))
            self.push = try self.loop.add(socket) { id in
                SocketHandlers(onEvents: { [weak self] events in
                    self?.assumeIsolated { $0.monitored(events, of: id) }
                })
            }
        } catch {
            // The roster said so: the coordinator's own mistake, which it can mend by saying it anew.
            self.logger.error("The coordinator's sink cannot be reached", metadata: ["error": "\(error)"])
        }
    }

    private func closePush() {
        if let push = self.push { self.loop.close(push) }
        self.push = nil
    }

    /// libzmq gives up a connection whose handshake was refused; keys come and go, so it is tried again.
    private func refusedBySink(_ id: SocketID) {
        self.security?.refusedElsewhere()
        self.loop.schedule(after: NodeDefaults.refusedRetryInterval) { [weak self] in
            self?.assumeIsolated { if $0.push == id { $0.reopenPush() } }
        }
    }

    private func monitored(_ events: [MonitorEvent], of id: SocketID) {
        guard id == self.push else { return }
        for event in events {
            switch event.kind {
            case .handshakeSucceeded: self.step { machine, now in machine.connectionOpened(at: now) }
            case .disconnected: self.step { machine, now in machine.connectionClosed(at: now) }
            case .handshakeFailedAuthentication, .handshakeFailedProtocol: self.refusedBySink(id)
            default: break
            }
        }
    }
}
