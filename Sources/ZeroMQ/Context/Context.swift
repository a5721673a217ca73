// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import CZeroMQ
internal import Locking

/// A ZeroMQ context: the I/O threads and the inproc namespace that its sockets share.
///
/// A process rarely needs two.
///
/// Sockets hold their context, so it lives until the last of them is closed. Call ``terminate(within:)`` at the end
/// of a program: it waits, for a bounded time, until what lingers is sent.
///
/// `@unchecked Sendable`: libzmq's contexts may be used from any thread. The pointer is used for new sockets and for
/// `zmq_ctx_shutdown` only under the lock and only in the state `running`; `zmq_ctx_term`, which frees it,
/// runs once, after the state has left `running`, and the state becomes `terminated` when it returns.
public final class Context: @unchecked Sendable {
    private enum State {
        case running, closing, terminated
    }

    private let raw: UnsafeMutableRawPointer
    private let state = Locked<State>(.running)
    /// The configuration in force, with the number of sockets that was chosen.
    public let configuration: Configuration

    /// Makes a context.
    ///
    /// libzmq aborts the process when it runs out of descriptors. So the limit of open files is raised if that is
    /// allowed, and a context that would not fit is refused with ``ZeroMQError/Code/descriptorLimitTooLow``.
    ///
    /// - Parameter configuration: I/O threads and limits.
    public init(configuration: Configuration = Configuration()) throws(ZeroMQError) {
        guard (0...1024).contains(configuration.ioThreads) else {
            throw ZeroMQError(.invalidArgument, "ioThreads must be 0 to 1024, not \(configuration.ioThreads)")
        }
        var configuration = configuration
        let sockets = try Context.fittingSockets(configuration)
        configuration.maximumSockets = sockets
        guard let raw = zmq_ctx_new() else { throw ZeroMQError.last("make a context") }
        self.raw = raw
        self.configuration = configuration
        zmq_ctx_set(raw, ZMQ_IO_THREADS, Int32(clamping: configuration.ioThreads))
        zmq_ctx_set(raw, ZMQ_MAX_SOCKETS, Int32(clamping: sockets))
        // Never wait for ever at exit, whatever a socket's own options say.
        zmq_ctx_set(raw, ZMQ_BLOCKY, 0)
    }

    deinit {
        // No socket holds the context any more. Termination can still wait for what lingers, or hang (4.3.4), so it
        // gets a thread of its own; when there is none to be had, the context is leaked.
        guard self.state.withLock({ $0 == .running }) else { return }
        nonisolated(unsafe) let raw = self.raw
        try? SystemThread.start(name: "zmq-term") { Context.end(raw) }
    }

    /// Makes a socket of this context, with the options handed in.
    ///
    /// - Parameters:
    ///   - kind: The socket's kind.
    ///   - options: Its options; the defaults keep out of libzmq's known traps.
    public func socket(_ kind: Socket.Kind, options: Socket.Options = Socket.Options()) throws(ZeroMQError) -> Socket {
        try Socket(kind, in: self, options: options)
    }

    /// Ends every waiting call on this context's sockets with ``ZeroMQError/Code/terminated``; returns at once.
    public func shutdown() {
        self.state.withLock { state in
            guard state == .running else { return }
            zmq_ctx_shutdown(self.raw)
            state = .closing
            self.startTermination()
        }
    }

    /// Ends the context and waits until its sockets are closed and what lingers is sent, but no longer than `limit`.
    ///
    /// `zmq_ctx_term` never returns while a socket is open, and can hang in 4.3.4 even without one. It runs on a
    /// thread of its own, which is left behind when the time runs out.
    ///
    /// - Parameter limit: How long to wait.
    /// - Returns: Whether the context is gone; false when the time ran out first.
    @available(*, noasync, message: "blocks the thread; await it instead")
    @discardableResult
    public func terminate(within limit: Duration) -> Bool {
        self.terminateBlocking(within: limit)
    }

    /// Ends the context and waits until its sockets are closed and what lingers is sent, but no longer than `limit`.
    ///
    /// - Parameter limit: How long to wait.
    /// - Returns: Whether the context is gone; false when the time ran out first.
    @discardableResult
    public func terminate(within limit: Duration) async -> Bool {
        self.shutdown()
        if self.isTerminated { return true }
        return await withCheckedContinuation { continuation in
            do throws(ZeroMQError) {
                try SystemThread.start(name: "zmq-term-wait") {
                    continuation.resume(returning: self.terminateBlocking(within: limit))
                }
            } catch {
                continuation.resume(returning: false)
            }
        }
    }

    /// Whether the context is gone.
    public var isTerminated: Bool { self.state.withLock { $0 == .terminated } }

    func terminateBlocking(within limit: Duration) -> Bool {
        self.shutdown()
        return self.state.waitAndLock(timeout: limit, until: { $0 == .terminated }) { _ in true } ?? false
    }

    func makeHandle(_ kind: Socket.Kind) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        let (made, number) = self.state.withLock { state -> (UInt, Int32) in
            guard state == .running else { return (0, ZeroMQError.contextTerminated) }
            guard let socket = zmq_socket(self.raw, kind.number) else { return (0, zmq_errno()) }
            return (UInt(bitPattern: socket), 0)
        }
        guard let handle = UnsafeMutableRawPointer(bitPattern: made) else {
            throw ZeroMQError.make(number: number, doing: "make a \(kind) socket")
        }
        return handle
    }

    /// Called under the lock, once.
    private func startTermination() {
        try? SystemThread.start(name: "zmq-term") { [self] in
            Context.end(self.raw)
            self.state.withLock { $0 = .terminated }
            self.state.wakeWaiters()
        }
    }

    private static func end(_ raw: UnsafeMutableRawPointer) {
        while zmq_ctx_term(raw) != 0, zmq_errno() == ZeroMQError.interruptedCall {}
    }

    private static func fittingSockets(_ configuration: Configuration) throws(ZeroMQError) -> Int {
        // A socket takes one descriptor, and each of its connections and listeners another.
        let reserve = configuration.reservedDescriptors
        let wanted = configuration.maximumSockets ?? Configuration.usualSockets
        let limit = DescriptorLimit.available(
            wanted: wanted * 2 + reserve + DescriptorReserve.most, raising: configuration.raisesDescriptorLimit)
        let fitting = (limit - reserve) / 2
        if let asked = configuration.maximumSockets {
            guard (1...65_535).contains(asked) else {
                throw ZeroMQError(.invalidArgument, "maximumSockets must be 1 to 65535, not \(asked)")
            }
            guard asked <= fitting else {
                throw ZeroMQError(
                    .descriptorLimitTooLow,
                    """
                    \(asked) sockets need \(asked * 2 + reserve) open files, but the limit is \(limit);                     raise it (ulimit -n) or ask for at most \(max(fitting, 0)) sockets
                    """)
            }
            return asked
        }
        guard fitting >= Configuration.fewestSockets else {
            throw ZeroMQError(
                .descriptorLimitTooLow,
                """
                the limit of open files is \(limit), which leaves room for \(max(fitting, 0)) sockets;                 raise it (ulimit -n) to at least \(Configuration.fewestSockets * 2 + reserve)
                """)
        }
        return min(fitting, wanted)
    }
}
