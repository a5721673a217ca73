// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ
internal import Synchronization

/// One thread that owns sockets, and the executor of the actors that use them.
///
/// Actors hold ``SocketID``s, the loop holds the sockets. What arrives is handed to ``SocketHandlers`` in batches; sends
/// never block. An actor becomes part of a loop with
///
/// ```swift
/// actor Node {
///     nonisolated let loop: SocketLoop
///     nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }
/// }
/// ```
///
/// and gets at its state inside a handler with `assumeIsolated`. An awaited call from outside costs two context
/// switches, ``post(_:)`` a lock: use calls for control and a queue with a ``LoopSignal`` for data.
///
/// The thread ends when the last reference to the loop is gone, so an actor's last job always runs. Until
/// ``shutdown(within:terminatingContext:)`` the loop holds handlers and timers, and these may hold actors.
///
/// `@unchecked Sendable`: `inbox` is Sendable, and `engine`'s state is touched only on the loop's thread. Every method
/// either checks that it runs there or hands its work to the inbox.
public final class SocketLoop: SerialExecutor, @unchecked Sendable {
    private static let lastID = Atomic<UInt64>(0)

    /// The context whose sockets it owns.
    public let context: Context
    private let inbox: LoopInbox
    private let engine: LoopEngine

    /// Starts a loop.
    ///
    /// - Parameters:
    ///   - context: The context of its sockets.
    ///   - configuration: Names and budgets.
    public init(context: Context, configuration: Configuration = Configuration()) throws(ZeroMQError) {
        self.context = context
        self.inbox = try LoopInbox()
        self.engine = try LoopEngine(configuration: configuration, inbox: self.inbox)
        self.engine.executor = self.asUnownedSerialExecutor()
        self.engine.loop = self
        nonisolated(unsafe) let engine = self.engine
        try SystemThread.start(name: configuration.name) { engine.run() }
    }

    deinit {
        self.inbox.finish()
    }

    // MARK: Executor

    /// Takes a job of one of the loop's actors, from any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        self.inbox.append(.job(UnownedJob(job)))
    }

    /// The loop as actors name it in `unownedExecutor`.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    /// Traps outside the loop's thread: what calls it would race.
    public func checkIsolated() {
        precondition(self.isOnLoop, "this runs outside the socket loop's thread")
    }

    /// The same as ``isOnLoop``, as the runtime asks for it.
    public func isIsolatingCurrentContext() -> Bool? {
        self.isOnLoop
    }

    /// Whether the caller runs on the loop's thread.
    public var isOnLoop: Bool { self.inbox.isOnLoop }

    // MARK: From any thread

    /// Runs something on the loop soon, after what was handed in before.
    ///
    /// - Parameter body: What to run; it must not block.
    public func post(_ body: @escaping @Sendable () -> Void) {
        self.inbox.append(.closure(body))
    }

    /// Makes a signal that runs a handler on the loop, once for any number of requests.
    ///
    /// - Parameter handler: What to run on the loop.
    public func makeSignal(_ handler: @escaping @Sendable () -> Void) -> LoopSignal {
        LoopSignal(inbox: self.inbox, handler: handler)
    }

    /// Makes the loop go round once.
    public func wake() {
        self.inbox.wake()
    }

    /// What the loop has done so far, as of its last rest.
    public var statistics: Statistics { self.inbox.statistics }

    /// How long it takes now until the loop gets to something new.
    public func measureLag() async -> Duration {
        let started = MonotonicClock.now()
        return await withCheckedContinuation { continuation in
            self.post {
                continuation.resume(returning: .nanoseconds(Int64(clamping: MonotonicClock.now() &- started)))
            }
        }
    }

    /// Runs something on the loop at a later time.
    ///
    /// - Parameters:
    ///   - delay: When, from now.
    ///   - body: What to run; it must not block.
    /// - Returns: By what it can be cancelled.
    @discardableResult
    public func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> TimerID {
        let id = TimerID(rawValue: SocketLoop.nextID())
        let deadline = MonotonicClock.deadline(after: delay)
        self.onLoop { $0.timers.add(id, deadline: deadline, body) }
        return id
    }

    /// Forgets a timer.
    ///
    /// On the loop it is certain not to fire afterwards.
    ///
    /// - Parameter timer: Which.
    public func cancel(_ timer: TimerID) {
        self.onLoop { $0.timers.cancel(timer) }
    }

    /// Hands a socket over to the loop.
    ///
    /// On the loop it is there at once, elsewhere soon.
    ///
    /// - Parameters:
    ///   - socket: The socket, with its options set; binding and connecting may come before or after.
    ///   - handlers: What to call for it.
    /// - Returns: By what it is known.
    public func add(
        _ socket: consuming sending Socket, _ handlers: SocketHandlers = SocketHandlers()
    ) throws(ZeroMQError) -> SocketID {
        try self.add(socket) { _ in handlers }
    }

    /// Hands a socket over to the loop, with handlers that know its id.
    ///
    /// - Parameters:
    ///   - socket: The socket, with its options set; binding and connecting may come before or after.
    ///   - makeHandlers: Makes what to call for it.
    /// - Returns: By what it is known.
    @discardableResult
    public func add(
        _ socket: consuming sending Socket, _ makeHandlers: (SocketID) -> SocketHandlers
    ) throws(ZeroMQError) -> SocketID {
        let id = SocketID(rawValue: SocketLoop.nextID())
        let handlers = makeHandlers(id)
        let monitor = try handlers.onEvents.map { _ throws(ZeroMQError) in try self.makeMonitor(of: socket, id: id) }
        // The socket was sent here, so nobody else has it; from now on only the loop's thread touches the entry.
        nonisolated(unsafe) let entry = LoopEntry(socket, id: id, handlers: handlers)
        nonisolated(unsafe) let monitorEntry = monitor
        entry.monitor = monitorEntry?.id
        self.onLoop { engine in
            do throws(ZeroMQError) {
                if let monitorEntry { try engine.insert(monitorEntry) }
                try engine.insert(entry)
            } catch {
                // The context is ending or descriptors are out: the socket goes, and sends to it say that it is closed.
                engine.close(id)
                if let monitor = monitorEntry { engine.close(monitor.id) }
            }
        }
        return id
    }

    /// Closes a socket.
    ///
    /// Its handlers are not called any more when this returns on the loop.
    ///
    /// - Parameter id: Which; unknown ones are ignored.
    public func close(_ id: SocketID) {
        self.onLoop { $0.close(id) }
    }

    /// Stops delivering what a socket receives, so that libzmq's queues fill and hold the senders back.
    ///
    /// - Parameter id: Which.
    public func pause(_ id: SocketID) {
        self.onLoop { $0.entries[id]?.isPaused = true }
    }

    /// Goes on delivering what a socket receives.
    ///
    /// - Parameter id: Which.
    public func resume(_ id: SocketID) {
        self.onLoop { engine in
            guard let entry = engine.entries[id], entry.isPaused else { return }
            entry.isPaused = false
            engine.markDirty(entry)
        }
    }

    /// Asks for one call of ``SocketHandlers/onWritable`` as soon as the socket can send.
    ///
    /// A PUB or XPUB always says that it can, also when it refuses to (`XPUB_NODROP`), so for these the call comes after
    /// ``Configuration/publisherRetry`` and means "try again".
    ///
    /// - Parameter id: Which.
    public func notifyWhenWritable(_ id: SocketID) {
        self.onLoop { engine in
            guard let entry = engine.entries[id], !entry.wantsWritable else { return }
            entry.wantsWritable = true
            guard entry.kind == .pub || entry.kind == .xpub else { return engine.markDirty(entry) }
            let retry = TimerID(rawValue: SocketLoop.nextID())
            let deadline = MonotonicClock.deadline(after: engine.configuration.publisherRetry)
            // Timers run on the loop's thread only, and the engine holds them: neither outlives it nor leaves it.
            nonisolated(unsafe) weak let weakEngine = engine
            engine.timers.add(retry, deadline: deadline) { weakEngine?.retryIsDue(id) }
        }
    }

    /// Closes all sockets, drops all timers and handlers, and ends the context if that is asked for.
    ///
    /// The loop goes on running its actors' jobs until the last of them has gone.
    ///
    /// - Parameters:
    ///   - limit: How long to wait for what lingers.
    ///   - terminatingContext: Whether the context ends too; other sockets of it must be closed by then.
    /// - Returns: Whether all was done in time.
    @discardableResult
    public func shutdown(within limit: Duration, terminatingContext: Bool = true) async -> Bool {
        await withCheckedContinuation { continuation in
            self.post {
                self.engine.closeAll()
                continuation.resume()
            }
        }
        return terminatingContext ? await self.context.terminate(within: limit) : true
    }

    // MARK: On the loop's thread

    /// Sends a message without waiting.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - message: What to send: all frames or none.
    ///   - id: Through which socket.
    @discardableResult
    public func send(_ message: borrowing Message, on id: SocketID) -> SendResult {
        self.checkIsolated()
        return self.engine.send(id) { handle in RawTransfer.send(message, to: handle, flags: ZMQ_DONTWAIT) }
    }

    /// Sends a message of one frame without waiting.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - bytes: What to send.
    ///   - id: Through which socket.
    @discardableResult
    public func send(_ bytes: [UInt8], on id: SocketID) -> SendResult {
        self.checkIsolated()
        return self.engine.send(id) { handle in RawTransfer.send(bytes, to: handle, flags: ZMQ_DONTWAIT) }
    }

    /// Borrows a socket, to bind, connect, subscribe or set options.
    ///
    /// Only on the loop.
    ///
    /// - Parameters:
    ///   - id: Which; a closed one throws ``ZeroMQError/Code/closed``.
    ///   - body: What to do with it; it must not block.
    public func withSocket<Result>(
        _ id: SocketID, _ body: (borrowing Socket) throws(ZeroMQError) -> Result
    ) throws(ZeroMQError) -> Result {
        self.checkIsolated()
        guard let entry = self.engine.entries[id], let holder = entry.holder else {
            throw ZeroMQError(.closed, "\(id) is closed")
        }
        self.engine.markDirty(entry)
        return try body(holder.socket)
    }

    // MARK: Inside

    private static func nextID() -> UInt64 {
        SocketLoop.lastID.wrappingAdd(1, ordering: .relaxed).newValue
    }

    private func onLoop(_ body: @escaping @Sendable (LoopEngine) -> Void) {
        if self.isOnLoop {
            body(self.engine)
        } else {
            self.post { body(self.engine) }
        }
    }

    private func makeMonitor(of socket: borrowing Socket, id: SocketID) throws(ZeroMQError) -> LoopEntry {
        let endpoint = "inproc://monitor-\(id.rawValue)"
        guard zmq_socket_monitor(socket.handle, endpoint, ZMQ_EVENT_ALL) == 0 else {
            throw ZeroMQError.last("monitor a \(socket.kind) socket")
        }
        var options = Socket.Options()
        // libzmq's I/O thread waits when this queue is full, and all connections with it.
        options.receiveHighWaterMark = 0
        let pair = try Socket(.pair, in: self.context, options: options)
        try pair.connect(endpoint)
        let entry = LoopEntry(pair, id: SocketID(rawValue: SocketLoop.nextID()), handlers: SocketHandlers())
        entry.monitored = id
        return entry
    }
}
