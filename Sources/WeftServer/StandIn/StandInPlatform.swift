// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Locking
public import Logging
import NIOCore
public import ServiceLifecycle
public import WeftValue

/// A platform on this machine, for trying things out and for tests: it speaks the platform's protocol with any client of
/// it, deals tasks to workers, and remembers everything that clients do.
///
/// People talk to it with plain HTTP: `POST /tasks` hands it a task (`{"text": "hello"}`), `GET /tasks` and
/// `GET /tasks/ID` read them back with every update, `GET /stats` counts, and `POST /control/faults` makes it misbehave
/// (see ``StandInFault``). Those need no key, so it belongs on loopback.
public final class StandInPlatform: Service {
    /// Where the stand-in listens.
    public struct Address: Hashable, Sendable {
        /// The host as configured.
        public let host: String
        /// The port, chosen by the system if 0 was configured.
        public let port: Int

        /// The base address for clients.
        public var url: String {
            self.host.contains(":") ? "http://[\(self.host)]:\(self.port)" : "http://\(self.host):\(self.port)"
        }
    }

    private enum Listening {
        case starting([CheckedContinuation<Address, any Error>])
        case started(Address)
        case ended(StandInError)
    }

    private let configuration: Configuration
    private let logger: Logger
    private let hub: StandInHub
    private let listening = Locked(Listening.starting([]))

    /// Creates a stand-in, which listens once ``run()`` is called.
    public init(configuration: Configuration = .init(), logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        self.hub = StandInHub(redelivers: configuration.redelivers)
    }

    /// Listens until a graceful shutdown or a cancellation.
    ///
    /// Open streams are ended in good order.
    ///
    /// - Throws: ``StandInError`` when the address cannot be listened on.
    public func run() async throws {
        var quiet = self.logger
        quiet.logLevel = max(.warning, self.logger.logLevel)
        let application = Application(
            responder: StandInResponder(hub: self.hub, configuration: self.configuration, logger: self.logger),
            configuration: .init(address: .hostname(self.configuration.host, port: self.configuration.port)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? self.configuration.port
                self.started(Address(host: self.configuration.host, port: port))
            },
            logger: quiet)
        defer { self.ended(StandInError(0, "the stand-in platform has ended")) }
        var lifecycle = ServiceGroupConfiguration(services: [application], logger: quiet)
        // Streams end by themselves at a shutdown; this is for clients that do not read.
        lifecycle.maximumGracefulShutdownDuration = self.configuration.shutdownGrace
        let services = ServiceGroup(configuration: lifecycle)
        // Not a child task: a server that is cancelled while it accepts a connection traps in NIO, so a cancellation must
        // not reach it and becomes a shutdown in good order.
        let server = Task { try await services.run() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await gracefulShutdown()  // returns at a cancellation too
                self.hub.close()
                await services.triggerGracefulShutdown()
            }
            _ = await server.result
            group.cancelAll()
        }
        do {
            try await server.value
        } catch let error where error is CancellationError || error is ServiceGroupError {
            self.logger.debug("Stand-in platform had to break off answers at its shutdown")
        } catch let error as IOError {
            let address = "\(self.configuration.host):\(self.configuration.port)"
            let reason = StandInError(
                0, "cannot listen on \(address): \(error); choose another address or stop what listens there")
            self.ended(reason)
            throw reason
        }
    }

    /// Waits until the stand-in listens and says where.
    ///
    /// - Throws: ``StandInError`` when it cannot listen or has ended.
    public func address() async throws -> Address {
        try await withCheckedThrowingContinuation { continuation in
            let outcome = self.listening.withLock { listening -> Result<Address, StandInError>? in
                switch listening {
                case .starting(let others):
                    listening = .starting(others + [continuation])
                    return nil
                case .started(let address): return .success(address)
                case .ended(let error): return .failure(error)
                }
            }
            if let outcome { continuation.resume(with: outcome.mapError { $0 as any Error }) }
        }
    }

    /// What the stand-in knows now.
    public var snapshot: StandInSnapshot { self.hub.snapshot }

    /// Waits until a condition holds, which is looked at after every change.
    ///
    /// - Throws: `CancellationError`.
    public func wait(until condition: @escaping @Sendable (StandInSnapshot) -> Bool) async throws {
        try await self.hub.wait(until: condition)
    }

    /// Hands over a task, as `POST /tasks` does.
    ///
    /// - Parameter description: An object with `text` or `input`, and optionally `agent_id`, `id`, `output_format` …
    /// - Returns: The task.
    @discardableResult
    public func handTask(_ description: Value) throws(StandInError) -> Value {
        try StandInResponder.handTask(description, hub: self.hub, agentID: self.configuration.agentID)
    }

    /// Stops a task, as a user of the platform does.
    public func stopTask(_ id: String) throws(StandInError) {
        try self.hub.change { state throws(StandInError) in
            let (_, actions) = try state.stop(id, now: .now)
            return ((), actions)
        }
    }

    /// Makes the stand-in misbehave.
    public func inject(_ fault: StandInFault) {
        self.hub.inject(fault)
    }

    private func started(_ address: Address) {
        let waiting = self.listening.withLock { listening -> [CheckedContinuation<Address, any Error>] in
            guard case .starting(let waiting) = listening else { return [] }
            listening = .started(address)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: address) }
        self.logger.info("Stand-in platform listens", metadata: ["platform.url": "\(address.url)"])
    }

    private func ended(_ error: StandInError) {
        let waiting = self.listening.withLock { listening -> [CheckedContinuation<Address, any Error>] in
            var waiting: [CheckedContinuation<Address, any Error>] = []
            switch listening {
            case .starting(let others): waiting = others
            case .started: break
            case .ended: return []
            }
            listening = .ended(error)
            return waiting
        }
        for continuation in waiting { continuation.resume(throwing: error) }
    }
}
