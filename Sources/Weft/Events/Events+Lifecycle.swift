// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
public import UnixSignals
import WeftPlatform

extension Events {
    /// Starts, and returns when tasks can come: embedded, when the platform has registered every agent; in a cluster,
    /// when the coordinator has registered the worker.
    ///
    /// In order: the settings and the handlers are checked, the boot handlers run, then the first byte is sent. When any
    /// of it fails, what was started is stopped again.
    ///
    /// - Throws: ``EventsError``, or `CancellationError`.
    public func start() async throws {
        let registrations = try self.beginStart()
        let parts: EventsParts
        do {
            try self.configuration.check()
            try self.checkAgents(of: registrations.tasks)
            let registry = try HandlerRegistry(
                handlers: registrations.tasks, defaultAgentID: self.configuration.agentID,
                syncWorkers: SyncWorkers(count: self.configuration.maxSyncWorkers))
            try await self.boot(registrations.boots)
            do {
                parts = try await self.startParts(registry)
            } catch {
                await self.shutDown(registrations.shutdowns)
                throw error
            }
        } catch {
            await self.backgroundTasks.drain(within: self.configuration.drainDeadline)
            self.finish()
            throw error
        }
        if self.becomeRunning(parts) { return }
        // It was stopped meanwhile.
        await self.stopParts(parts)
        throw CancellationError()
    }

    /// Stops, and returns when everything has been stopped; calling it again waits for the same.
    ///
    /// It takes no more tasks, lets those that run end until the drain deadline, leaves the mesh, and runs the shutdown
    /// handlers.
    public func stop() async {
        switch self.beginStop() {
        case .nothing: return
        case .wait: break
        case .stop(let parts):
            // Not cut short when the caller is cancelled: a stop that leaves things behind is none.
            await Task { await self.stopParts(parts) }.value
        }
        await Task { try? await self.stopped.wait() }.value
    }

    /// Runs until the service group is asked to shut down, or until ``stop()``; the form for ServiceLifecycle.
    ///
    /// - Throws: ``EventsError`` when it can't start, or when the platform refuses it for good while it runs.
    public func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.start() }
        } catch is CancellationError where !Task.isCancelled {
            return  // Asked to stop before it had started.
        }
        do {
            try await cancelWhenGracefulShutdown { try await self.ended.wait() }
        } catch is CancellationError {
            // Asked to stop.
        } catch {
            await self.stop()
            throw error
        }
        await self.stop()
    }

    /// Returns when it has stopped or can't go on, for programs that use ``start()``.
    ///
    /// - Throws: ``EventsError`` with the code ``EventsError/Code/connectionLost`` when the platform refuses it for good
    ///   while it runs; ``stop()`` still has to be called then.
    public func waitUntilEnded() async throws {
        try await self.ended.wait()
    }

    /// Runs until one of `gracefulShutdownSignals` arrives, or until ``stop()``; the form for a program that does nothing
    /// else.
    ///
    /// The first signal stops it cleanly. A second one, for when a handler hangs, ends the process at once with status
    /// 130, without shutdown handlers, as a crash would: the tasks that ran are lost with it.
    ///
    /// - Parameter gracefulShutdownSignals: The signals, which are trapped while it runs.
    /// - Throws: what ``run()`` throws.
    public func runService(gracefulShutdownSignals: [UnixSignal] = [.sigterm, .sigint]) async throws {
        let (requests, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let signals = await UnixSignalsSequence(trapping: gracefulShutdownSignals)
        let service = SignalledService(service: self, signals: signals, logger: self.logger, stop: stop)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: self.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for await _ in requests { await group.triggerGracefulShutdown() } }
            defer { tasks.cancelAll() }
            try await group.run()
        }
    }

    /// Starts, runs `body`, and stops in any case, also when `body` throws or is cancelled.
    public func withRunning<Output: Sendable>(_ body: (Events) async throws -> Output) async throws -> Output {
        try await self.start()
        let output: Output
        do {
            output = try await body(self)
        } catch {
            await self.stop()
            throw error
        }
        await self.stop()
        return output
    }

    /// Runs `operation` beside the tasks, tracked: a stop does not end before it has.
    ///
    /// - Parameters:
    ///   - atStop: What becomes of it when the stop begins.
    ///   - operation: The work. What it throws is logged.
    /// - Returns: whether it was started; it is not once a stop has begun.
    @discardableResult public func background(
        atStop: AtStop = .finish, _ operation: @escaping @concurrent @Sendable () async throws -> Void
    ) -> Bool {
        self.backgroundTasks.add(atStop: atStop, operation)
    }

    /// The platform has no tasks for nobody: each of its handlers needs an agent.
    private func checkAgents(of handlers: [TaskHandler]) throws(EventsError) {
        guard case .embedded(_?) = self.configuration.placement, self.configuration.agentID == nil,
            let nameless = handlers.first(where: { $0.taskName == nil && $0.options.agentID == nil })
        else { return }
        throw EventsError(
            .invalidConfiguration,
            """
            The handler at \(nameless.place) names no agent, and there is no default: set \
            \(PlatformConfiguration.Variable.agentID), or name the agent in the handler's options.
            """)
    }

    /// Starts the parts, and gives up when a stop comes meanwhile.
    private func startParts(_ registry: HandlerRegistry) async throws -> EventsParts {
        try await withThrowingTaskGroup(of: EventsParts?.self) { group in
            group.addTask { try await EventsParts.start(self, registry: registry) }
            group.addTask {
                try await self.ended.wait()
                return nil
            }
            let first = await group.nextResult()
            group.cancelAll()
            if case .success(let parts?) = first { return parts }
            // The stop was first, but the parts may have been ready a moment later.
            while let second = await group.nextResult() {
                guard case .success(let parts?) = second else { continue }
                await parts.drain()
                await parts.leave()
            }
            if case .failure(let error) = first {
                guard let failure = error as? EventsError, failure.code == .connectionLost else { throw error }
                throw EventsError(.startFailed, failure.message, cause: failure.cause)
            }
            throw CancellationError()
        }
    }

    private func boot(_ handlers: [OnBoot]) async throws {
        for (index, handler) in handlers.enumerated() {
            do {
                try await handler.perform()
            } catch is CancellationError where Task.isCancelled {
                throw CancellationError()
            } catch {
                throw EventsError(
                    .bootFailed, "Boot handler \(index + 1) of \(handlers.count) failed: \(error)", cause: error)
            }
        }
    }

    private func shutDown(_ handlers: [OnShutdown]) async {
        for handler in handlers {
            do {
                try await handler.perform()
            } catch {
                self.logger.info("Shutdown handler failed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func stopParts(_ parts: EventsParts) async {
        let limit = self.configuration.drainDeadline
        async let drained: Void = self.backgroundTasks.drain(within: limit)
        await parts.drain()
        await drained
        // Last, because until here handlers and background tasks may still emit.
        await parts.leave()
        await self.shutDown(self.shutdownHandlers)
        self.finish()
    }
}
