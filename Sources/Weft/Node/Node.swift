// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
public import ServiceLifecycle
public import WeftBus
public import WeftProtocol
public import WeftValue
import ZeroMQ

/// One process's part of the mesh: what its bus emits runs handlers on every node, and what they emit on its own.
///
/// ```swift
/// let node = Node(configuration: .init(seeds: ["tcp://127.0.0.1:7400"]))
/// try await node.start()          // joined: every member hears this node, and is heard
/// await EventBus.shared.emit("order:created", "o-1")
/// let report = await node.flush() // who has it
/// await node.stop()
/// ```
///
/// A node runs once; after `stop` make another.
public final class Node: Service, Sendable {
    private enum State {
        case idle
        case starting
        case running(NodeCore)
        /// With what is still to end: whoever stops the node, however many do, returns when that has ended.
        case stopped(Task<Void, Never>?)
    }

    /// The node's identity, new for every node.
    public let id: NodeID
    /// What the node was made with.
    public let configuration: Configuration
    private let state = Locked(State.idle)
    private let requests = RequestTable()

    /// Creates a node that is not part of anything yet.
    public init(configuration: Configuration = Configuration()) {
        self.id = .random()
        self.configuration = configuration
    }

    /// The bus that the node mirrors.
    public var bus: EventBus { self.configuration.bus }

    // MARK: Life

    /// Binds, joins the mesh, and returns when every member known has confirmed that events pass both ways.
    ///
    /// - Parameter waitingForJoin: Whether to wait for that; without, it returns when the node is bound.
    /// - Throws: ``NodeError``; the node is stopped then.
    public func start(waitingForJoin: Bool = true) async throws(NodeError) {
        try self.begin()
        _ = KeptMemory.isSet
        let core: NodeCore
        do throws(NodeError) {
            core = try await self.makeCore()
        } catch {
            self.state.withLock { $0 = .stopped(nil) }
            throw error
        }
        let isWanted = self.state.withLock { state in
            // Stopped while it was starting.
            guard case .starting = state else { return false }
            state = .running(core)
            return true
        }
        guard isWanted else {
            await core.stop(gracefully: true)
            await core.loop.shutdown(within: NodeDefaults.stopTimeout)
            throw .stopped
        }
        self.handle("status") { [weak self] _, _ in await self?.status().value ?? .null }
        self.bus.attach(core.outbox, origin: self.id)
        guard waitingForJoin else { return }
        do throws(NodeError) {
            try await self.waitUntilJoined()
        } catch {
            await self.stop()
            throw error
        }
    }

    /// Returns when every member known has confirmed that events pass both ways; for a node that was started without waiting for that.
    ///
    /// - Throws: ``NodeError``: `join` when it could not join, `state` when it is stopped or the waiting task is cancelled.
    public func waitUntilJoined() async throws(NodeError) {
        guard let core = self.core, let outcome = await core.joined() else { throw .stopped }
        if case .failure(let error) = outcome { throw NodeError(.join, error.message, mesh: error) }
    }

    /// Sends what is left (for a bounded time), says goodbye and closes everything.
    public func stop() async {
        await self.stop(gracefully: true)
    }

    /// Runs the node until its service group shuts down or the task is cancelled.
    public func run() async throws {
        try await self.start()
        do throws(NodeError) {
            try await self.waitUntilRefused()
        } catch {
            await self.stop()
            throw error
        }
        await self.stop()
    }

    /// Waits until everybody refuses the node: its key, such as when that is revoked, or what it wants to be.
    ///
    /// It returns when the node is stopped, and when the task is cancelled or its service group shuts down. Without keys,
    /// and for a node without seeds, nothing else happens.
    /// - Throws: ``NodeError`` with code `refused`; the node still runs then, but is of no use.
    public func waitUntilRefused() async throws(NodeError) {
        guard let core = self.core else { return }
        let error = await cancelWhenGracefulShutdown { await core.refused() }
        if let error { throw error }
    }

    /// Runs something with a node that has joined, and stops it afterwards in any case.
    public static func with<Result: Sendable>(
        _ configuration: Configuration = Configuration(), _ body: @Sendable (Node) async throws -> Result
    ) async throws -> Result {
        let node = Node(configuration: configuration)
        try await node.start()
        do {
            let result = try await body(node)
            await node.stop()
            return result
        } catch {
            await node.stop()
            throw error
        }
    }

    func stop(gracefully: Bool) async {
        let ending = self.state.withLock { state -> Task<Void, Never>? in
            switch state {
            case .stopped(let ending): return ending
            case .idle, .starting:
                state = .stopped(nil)
                return nil
            case .running(let core):
                // Not a child of the one who stops: a second one waits for it, too.
                let ending = Task { await self.end(core, gracefully: gracefully) }
                state = .stopped(ending)
                return ending
            }
        }
        await ending?.value
    }

    private func end(_ core: NodeCore, gracefully: Bool) async {
        self.bus.detach(core.outbox)
        await core.stop(gracefully: gracefully)
        await core.loop.shutdown(within: NodeDefaults.stopTimeout)
    }

    private func begin() throws(NodeError) {
        let isFirst = self.state.withLock { state in
            guard case .idle = state else { return false }
            state = .starting
            return true
        }
        if !isFirst { throw NodeError(.state, "a node starts once: make another one") }
    }

    private func makeCore() async throws(NodeError) -> NodeCore {
        try self.configuration.checkRecord()
        let addresses = try NodeAddresses(self.configuration)
        let (security, watcher) = try self.loadKeys()
        let loop: SocketLoop
        do throws(ZeroMQError) {
            var settings = SocketLoop.Configuration()
            settings.name = "weft-node"
            loop = try SocketLoop(context: try Context(), configuration: settings)
        } catch {
            throw NodeError(.system, error.message)
        }
        do throws(NodeError) {
            let core = NodeCore(
                configuration: self.configuration, id: self.id, host: addresses.bind.address, loop: loop,
                requests: self.requests, security: security, keyWatcher: watcher)
            try await core.start(addresses)
            return core
        } catch {
            await loop.shutdown(within: NodeDefaults.stopTimeout)
            throw error
        }
    }

    /// Reads the files of keys, if the node has any.
    private func loadKeys() throws(NodeError) -> (NodeSecurity?, KeyWatcher?) {
        guard let keys = self.configuration.keys else { return (nil, nil) }
        guard self.configuration.name == keys.name else {
            throw NodeError(
                .keys,
                "the key in \(keys.keyFile) is \(keys.name)'s, and this node is to be '\(self.configuration.name)': the others "
                    + "would refuse it; leave the name out, or make a key for it with weft keys new")
        }
        let logger = self.configuration.logger
        let late = Locked<NodeSecurity?>(nil)
        do throws(TrustError) {
            let loaded = try KeyWatcher.load(keys, logger: logger) { late.withLock { $0 }?.badFile() }
            let security = NodeSecurity(key: loaded.key, trust: loaded.trust, logger: logger)
            late.withLock { $0 = security }
            return (security, loaded.watcher)
        } catch {
            throw NodeError(.keys, error.message)
        }
    }

    // MARK: The mesh

    /// What others join at, while the node runs.
    public var controlAddress: String? { self.core?.members.members.first?.record.control }

    /// Asks every peer to confirm what has been emitted so far.
    ///
    /// - Returns: Peer by peer what became of it, at the latest after the time that a silent peer is waited for.
    public func flush() async -> FlushReport {
        await self.core?.flush() ?? FlushReport(entries: [])
    }

    /// Everyone that the node knows of, itself first.
    public func members() async -> [MemberStatus] {
        await self.core?.currentMembers() ?? []
    }

    /// The members now, and again, all of them, whenever something about them changes.
    public func memberChanges() -> AsyncStream<[MemberStatus]> {
        guard let core = self.core else { return AsyncStream { $0.finish() } }
        return core.members.follow()
    }

    /// Waits for a member.
    ///
    /// - Returns: The first that matches; nil when none has come within the time.
    public func member(
        within limit: Duration = .zero, matching matches: @escaping @Sendable (MemberStatus) -> Bool
    ) async -> MemberStatus? {
        await self.core?.member(within: limit, matching: matches)
    }

    /// Changes what the others know about this node; what is nil stays.
    public func update(roles: Set<NodeRole>? = nil, extras: [String: Value]? = nil) async {
        await self.core?.update(roles: roles, extras: extras)
    }

    /// The node, its members and its counters.
    public func status() async -> NodeStatus {
        guard let core = self.core else { return NodeStatus(id: self.id, members: [], counters: NodeCounters()) }
        return NodeStatus(
            id: self.id, members: await core.currentMembers(), counters: await core.currentCounters(),
            memory: await core.currentMemory())
    }

    // MARK: Calls

    /// Answers calls of other nodes to a method; may be said before the node starts.
    ///
    /// - Parameter needsOperator: Whether only operators may call it, when the node has keys.
    public func handle(_ method: String, needsOperator: Bool = false, _ handler: @escaping RequestHandler) {
        self.requests.handle(method, needsOperator: needsOperator, handler)
    }

    /// Calls a method of another node, or of this one.
    ///
    /// - Throws: ``NodeError``: `noMember`, `gone`, `timeout`, or `remote` with what the other node says.
    public func request(
        to peer: NodeID, _ method: String, _ body: Value = .null, timeout: Duration = NodeDefaults.requestTimeout
    ) async throws(NodeError) -> Value {
        guard let core = self.core else { throw .stopped }
        return try await core.call(peer, method, body, timeout: timeout).get()
    }

    /// Calls a method of a node with a role, for which it waits as long as the call may take.
    ///
    /// - Throws: ``NodeError``: `noMember` when there is none in time, else as ``request(to:_:_:timeout:)-(NodeID,_,_,_)``.
    public func request(
        to role: NodeRole, _ method: String, _ body: Value = .null, timeout: Duration = NodeDefaults.requestTimeout
    ) async throws(NodeError) -> Value {
        let member = await self.member(within: timeout) { member in
            member.record.roles.contains(role) && (member.state == .local || member.state == .alive)
        }
        guard let member else {
            throw NodeError(.noMember, "no \(role) has joined the mesh within \(timeout): is one running?")
        }
        return try await self.request(to: member.record.id, method, body, timeout: timeout)
    }

    // MARK: Inside

    /// What runs on the loop, while the node runs.
    var core: NodeCore? {
        self.state.withLock { state in
            if case .running(let core) = state { core } else { nil }
        }
    }

    /// The loop on which other planes put their sockets, while the node runs.
    var loop: SocketLoop? { self.core?.loop }
    /// The context of the node's sockets, while the node runs.
    var context: Context? { self.loop?.context }
}
