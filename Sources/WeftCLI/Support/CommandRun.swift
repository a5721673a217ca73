// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import Weft

/// How a command runs, so that all of them end in the same way.
enum CommandRun {
    /// Runs a command that has nothing to finish: a signal cancels it.
    ///
    /// - Parameters:
    ///   - endsWithReader: Whether it is there only for what it prints, so that a reader who has gone ends it, too.
    ///   - body: The command.
    /// - Throws: what `body` throws, or ``CommandFailure`` with ``ExitStatus/interrupted`` after a signal.
    static func interruptible(
        endsWithReader: Bool = false, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let task = Task { try await body() }
        Signals.shared.onStop { task.cancel() }
        // Ends with the process: a reader who closes the pipe wants nothing more.
        let watch = Task {
            guard endsWithReader else { return }
            await BoundedWriter.output.broken()
            task.cancel()
        }
        defer { watch.cancel() }
        do {
            try await task.value
        } catch {
            if Signals.shared.isStopping { throw CommandFailure(.interrupted) }
            if endsWithReader, BoundedWriter.output.isBroken { return }
            throw error
        }
        if Signals.shared.isStopping { throw CommandFailure(.interrupted) }
    }

    /// Runs a command that must join first and has something to finish after that: as long as it only waits for the
    /// mesh, a signal cancels it; from ``services(_:logger:announce:)`` on, a signal shuts it down gracefully.
    ///
    /// - Throws: what `body` throws, or ``CommandFailure`` with ``ExitStatus/interrupted`` when a signal came too early.
    static func joining(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (turn, go) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let task = Task {
            // Not before the signal can cancel it, or what `services` says about signals would be overwritten.
            for await _ in turn { break }
            try await body()
        }
        Signals.shared.onStop { task.cancel() }
        go.yield()
        do {
            try await task.value
        } catch {
            if task.isCancelled { throw CommandFailure(.interrupted) }
            // What ends a service is said like everything else that ends a command.
            throw CommandFailure(joining: error)
        }
    }

    /// Runs services that have something to finish: the first signal shuts them down gracefully, a second one aborts.
    ///
    /// - Parameters:
    ///   - services: The services, in the order in which they depend on each other.
    ///   - logger: Where the group of services says what it does.
    ///   - drain: How a drain goes, which is said while the services end; nil to say nothing.
    ///   - announce: Says that everything is ready, once it is; what it throws ends the services.
    /// - Throws: what a service throws, or ``CommandFailure`` with ``ExitStatus/interrupted`` after SIGINT.
    static func services(
        _ services: [any Service], logger: Logger, drain: (@Sendable () async -> DrainStatus)? = nil,
        announce: @escaping @Sendable () async throws -> Void
    ) async throws {
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                }, logger: quiet))
        let countdown = drain.map { DrainCountdown($0) }
        Signals.shared.onStop {
            BoundedWriter.error.line("weft: stopping, after what runs has ended; a second signal aborts")
            countdown?.start()
            // Only passes the signal on.
            Task { await group.triggerGracefulShutdown() }
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await announce()
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
            }
            try await group.run()
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
        await countdown?.end()
        if Signals.shared.isInterrupted { throw CommandFailure(.interrupted) }
    }
}
