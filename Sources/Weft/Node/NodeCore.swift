// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import WeftBus
import WeftProtocol
import WeftValue
import ZeroMQ

/// What runs on a node's socket loop: it owns the ids of the sockets and the mesh's state machine, feeds the one from the
/// others, and does what it says.
actor NodeCore {
    nonisolated let loop: SocketLoop
    nonisolated let id: NodeID
    nonisolated let outbox: EventOutbox
    nonisolated let members = MemberBroadcast()
    nonisolated let requests: RequestTable
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }

    let configuration: Node.Configuration
    let logger: Logger
    let queue: DeliveryQueue
    let progress: DeliveryProgress
    let signals: NodeSignals
    var mesh: Mesh
    var counters = NodeCounters()
    var router: SocketID?
    var publisher: SocketID?
    var subscriber: SocketID?
    var links: [UInt32: SocketID] = [:]
    /// With keys: what this node proves and whom it lets in.
    nonisolated let security: NodeSecurity?
    /// Who connects to what this node binds, whatever it is for.
    nonisolated let doorkeeper: Doorkeeper
    /// The host that the node's sockets are bound to.
    nonisolated let host: String
    /// With keys: who answers on a link of this node's own.
    var linkUsers: [UInt32: String] = [:]
    /// With keys: links to seeds for which the right key is being looked for.
    var dials: [UInt32: SeedDial] = [:]
    /// With keys: how far the search for the right key has got at addresses of seeds whose link was closed meanwhile.
    var searches: [String: SeedDial.Search] = [:]
    /// With keys: who answered at a seed's address the last time.
    var seedKeys: [String: CurvePublicKey] = [:]
    /// Without keys: how often a seed has hung up during the handshake.
    var hangUps: [String: Int] = [:]
    /// With keys: a socket for each member's event stream, by address.
    var streams: [String: SocketID] = [:]
    /// With keys: who refuses this node.
    var refusals = Refusals()
    var refusalOutcome: NodeError?
    var refusalWaiters: [UInt64: CheckedContinuation<NodeError?, Never>] = [:]
    var lastRefusalWaiter: UInt64 = 0
    var keyWatcher: KeyWatcher?
    var watching: Task<Void, Never>?
    var isReading = true
    var isStopped = false
    var publishing: Publishing
    var joinWaiters: [UInt64: CheckedContinuation<Result<Void, MeshError>?, Never>] = [:]
    var lastJoinWaiter: UInt64 = 0
    var joinOutcome: Result<Void, MeshError>?
    var flushWaiters: [UInt64: CheckedContinuation<FlushReport, Never>] = [:]
    var lastFlush: UInt64 = 0
    var calls: [UInt64: PendingCall] = [:]
    var lastCall: UInt64 = 0
    var memberWaiters: [MemberWaiter] = []
    var delivery: Task<Void, Never>?
    private var deliveryWaiter: CheckedContinuation<Void, Never>?

    /// The calls of others, so that one that comes twice is done once.
    var recentCalls = RecentCalls()

    struct PendingCall {
        let peer: NodeID
        let method: String
        let body: Value
        /// How often it was said again.
        var repeats = 0
        let continuation: CheckedContinuation<Result<Value, NodeError>, Never>
        let timer: TimerID

        /// How long to wait for an answer before it is said again: longer each time, and for what takes long to send.
        var pause: Duration {
            NodeDefaults.callRepeatInterval * (1 << min(self.repeats, NodeDefaults.callRepeatDoublings))
                + .seconds(self.body.approximateBytes >> 20)
        }
    }

    struct MemberWaiter {
        let number: UInt64
        let matches: @Sendable (MemberStatus) -> Bool
        let continuation: CheckedContinuation<MemberStatus?, Never>
    }

    /// Creates a core without sockets.
    init(
        configuration: Node.Configuration, id: NodeID, host: String, loop: SocketLoop, requests: RequestTable,
        security: NodeSecurity? = nil, keyWatcher: KeyWatcher? = nil
    ) {
        let signals = NodeSignals(loop: loop)
        let record = MemberRecord(
            id: id, name: configuration.name, roles: configuration.roles, control: "", publish: "",
            extras: configuration.extras)
        var generator = SystemRandomNumberGenerator()
        self.loop = loop
        self.id = id
        self.host = host
        self.configuration = configuration
        self.logger = configuration.logger
        self.requests = requests
        self.security = security
        self.doorkeeper = Doorkeeper(security: security, logger: configuration.logger)
        self.keyWatcher = keyWatcher
        self.signals = signals
        self.progress = DeliveryProgress()
        self.outbox = EventOutbox(
            origin: id, highWaterMark: NodeDefaults.outboxHighWaterMark, now: { MonotonicTime.now },
            wake: { signals.drain.raise() })
        self.queue = DeliveryQueue(bound: NodeDefaults.deliveryQueueBytes, onRoom: { signals.room.raise() })
        var settings = MeshConfiguration(
            local: record, seeds: configuration.seeds, joinTimeout: configuration.joinTimeout,
            randomSeed: generator.next())
        settings.replayWindow = configuration.replayWindow
        settings.receivedWindows = configuration.receivedWindows
        settings.waitsForSlowest = configuration.waitForSlowest
        self.mesh = Mesh(configuration: settings)
        self.publishing = Publishing(patience: Patience(waitForSlowest: configuration.waitForSlowest))
    }

    // MARK: Life

    /// Binds and begins.
    func start(_ addresses: NodeAddresses) throws(NodeError) {
        if let security = self.security {
            do throws(ZeroMQError) {
                try security.begin(on: self.loop)
            } catch {
                throw NodeError(.system, error.message)
            }
            self.mesh.setKey(security.publicKey.text)
        }
        let control = try self.bind(addresses)
        self.mesh.setAddresses(
            control: addresses.advertised(control), publish: addresses.advertised(control.publishing))
        self.signals.connect(
            drain: { self.assumeIsolated { $0.drain() } }, room: { self.assumeIsolated { $0.roomAgain() } },
            progress: { self.assumeIsolated { $0.progressMade() } })
        let delivery = Delivery(
            bus: self.configuration.bus, queue: self.queue, progress: self.progress, logger: self.logger,
            onProgress: { [signals] in signals.progress.raise() },
            onBadBatch: { error in self.loop.post { self.assumeIsolated { $0.count(error) } } })
        // Outlives any one call: it ends when the queue is finished, in `stop`.
        self.delivery = Task {
            await delivery.run()
            self.loop.post { self.assumeIsolated { $0.deliveryEnded() } }
        }
        self.perform(self.mesh.start(at: .now))
        self.publishMembers()
        self.scheduleTick()
        self.watchKeys()
    }

    /// Waits until the node has joined, or could not; nil when the one who waits is cancelled.
    func joined() async -> Result<Void, MeshError>? {
        if let outcome = self.joinOutcome { return outcome }
        self.lastJoinWaiter += 1
        let number = self.lastJoinWaiter
        return await withTaskCancellationHandler {
            await withCheckedContinuation { self.joinWaiters[number] = $0 }
        } onCancel: {
            self.loop.post { [weak self] in
                self?.assumeIsolated { $0.joinWaiters.removeValue(forKey: number)?.resume(returning: nil) }
            }
        }
    }

    func settleJoin(_ outcome: Result<Void, MeshError>) {
        self.joinOutcome = outcome
        for waiter in self.joinWaiters.values { waiter.resume(returning: outcome) }
        self.joinWaiters = [:]
    }

    /// Sends what is left, says goodbye, and lets everyone go who waits for something.
    func stop(gracefully: Bool) async {
        guard !self.isStopped else { return }
        if gracefully {
            let deadline = MonotonicTime.now + NodeDefaults.stopTimeout
            while self.outbox.depth > 0, MonotonicTime.now < deadline {
                self.drain(isLast: true)
                await self.pause(NodeDefaults.retryInterval)
            }
            await self.deliverRest()
            self.perform(self.mesh.leave(at: .now))
        }
        self.isStopped = true
        self.signals.disconnect()
        self.outbox.finish()
        self.queue.finish()
        self.delivery?.cancel()
        self.watching?.cancel()
        self.members.finish()
        self.settleJoin(.failure(MeshError(.unreachable, "the node was stopped before it had joined")))
        self.settleRefusal(nil)
        for waiter in self.flushWaiters.values { waiter.resume(returning: FlushReport(entries: [])) }
        self.flushWaiters = [:]
        for number in self.calls.keys { self.settle(number, .failure(.stopped)) }
        for waiter in self.memberWaiters { waiter.continuation.resume(returning: nil) }
        self.memberWaiters = []
        self.requests.cancelAll()
    }

    /// Hands on what has been received, for a bounded time, so that the goodbye can say so.
    private func deliverRest() async {
        self.queue.finish()
        if self.delivery != nil {
            await withCheckedContinuation { continuation in
                self.deliveryWaiter = continuation
                self.loop.schedule(after: NodeDefaults.farewellPatience) { [weak self] in
                    self?.assumeIsolated { $0.deliveryEnded(isLate: true) }
                }
            }
        }
        self.progressMade()
    }

    private func deliveryEnded(isLate: Bool = false) {
        if !isLate { self.delivery = nil }
        self.deliveryWaiter?.resume()
        self.deliveryWaiter = nil
    }

    private func pause(_ duration: Duration) async {
        await withCheckedContinuation { continuation in
            self.loop.schedule(after: duration) { continuation.resume() }
        }
    }

    private func scheduleTick() {
        self.loop.schedule(after: MeshDefaults.tickInterval) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
    }

    private func tick() {
        guard !self.isStopped else { return }
        let now = MonotonicTime.now
        self.outbox.expireWaits(at: now)
        self.perform(self.mesh.tick(at: now))
        self.checkRefusals(at: now)
        self.scheduleTick()
    }

    // MARK: Calls from the node

    func flush() async -> FlushReport {
        guard !self.isStopped else { return FlushReport(entries: []) }
        self.lastFlush += 1
        let number = self.lastFlush
        let head = self.outbox.head
        return await withCheckedContinuation { continuation in
            self.flushWaiters[number] = continuation
            self.drain(isLast: true)
            self.perform(self.mesh.flush(id: number, through: head, at: .now))
        }
    }

    func update(roles: Set<NodeRole>?, extras: [String: Value]?) {
        guard !self.isStopped else { return }
        self.perform(self.mesh.update(roles: roles, extras: extras, at: .now))
    }

    func currentMembers() -> [MemberStatus] {
        self.mesh.members(at: .now)
    }

    func currentCounters() -> NodeCounters {
        var counters = self.counters
        counters.mesh = self.mesh.counters
        counters.emitsHeld = self.outbox.counters.held
        counters.emitsOverflowed = self.outbox.counters.overflowed
        counters.turnedAway = self.doorkeeper.turnedAway
        counters.requestsRefused = self.requests.refused
        counters.answersForgotten = self.recentCalls.forgotten
        counters.security = self.security?.counters
        return counters
    }

    func currentMemory() -> NodeMemory {
        let windows = self.mesh.windowBytes
        return NodeMemory(
            ownWindow: windows.own, receivedWindows: windows.received, ahead: self.mesh.aheadBytes,
            outbox: self.outbox.depth, delivery: self.queue.depth)
    }

    func count(_ error: WireError) {
        self.counters.badFrames[error.label, default: 0] += 1
    }
}
