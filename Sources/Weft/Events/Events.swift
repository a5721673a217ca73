// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
public import Logging
public import ServiceLifecycle
public import WeftBus

/// Handlers of tasks, running: what most programs that take tasks need, and all they need.
///
/// ```swift
/// let events = try Events {
///     OnBoot { try await database.open() }
///     OnTask { task in "Processed: \(task.input.text)" }
///     OnShutdown { await database.close() }
/// }
/// try await events.runService()   // until SIGINT or SIGTERM
/// ```
///
/// The same handlers run embedded, with the coordinator that talks to the platform and a worker in this one process, or
/// in a worker of a cluster whose coordinator is elsewhere. That is decided by ``Configuration`` alone, in code or by the
/// environment.
///
/// There are three ways to run: ``runService(gracefulShutdownSignals:)`` for a program that does nothing else;
/// ``run()`` as one service of a `ServiceGroup`; and ``start()`` with ``stop()``, or ``withRunning(_:)``, inside anything.
///
/// Left out on purpose, though the vendor's SDK has it: rewriting the user's git settings from `GIT_USERNAME` and
/// `GIT_TOKEN`; running a handler again because of the task's plan or because its result sounds like a promise, which
/// repeats side effects and counts tokens several times; and the HTTP server for direct invocation.
public final class Events: Service {
    /// What becomes of a background task when the stop begins.
    public enum AtStop: Sendable {
        /// It may end on its own until the drain deadline.
        case finish
        /// It is cancelled at once, then awaited; for work that has no end, such as a loop.
        case cancel
    }

    struct Registrations: Sendable {
        var tasks: [TaskHandler] = []
        var boots: [OnBoot] = []
        var shutdowns: [OnShutdown] = []
    }

    private enum State: Sendable {
        case idle
        case starting
        case running(EventsParts)
        case stopping
        case stopped
    }

    /// The settings.
    public let configuration: Configuration
    /// The bus of this process, joined to the mesh while this runs.
    public let bus: EventBus
    let backgroundTasks: BackgroundTasks
    let logger: Logger
    private let state = Locked(State.idle)
    private let registrations: Locked<Registrations>
    /// Fired when the stop begins, or when the parts can't go on.
    let ended = EndSignal()
    /// Fired when everything has been stopped.
    let stopped = EndSignal()

    /// Creates it; nothing is sent or opened before the start.
    ///
    /// - Parameters:
    ///   - configuration: Where the handlers run, and as which agent.
    ///   - bus: The bus that joins the mesh.
    ///   - logger: Where to log; the library itself logs at `info` or below.
    ///   - components: The handlers.
    public init(
        configuration: Configuration, bus: EventBus = .shared, logger: Logger = Logger(label: "weft.events"),
        @EventsBuilder _ components: () -> [EventsComponent] = { [] }
    ) {
        self.configuration = configuration
        self.bus = bus
        self.logger = logger
        self.backgroundTasks = BackgroundTasks(logger: logger)
        self.registrations = Locked(Registrations(components()))
    }

    /// Creates it with the settings of the environment.
    ///
    /// - Throws: ``EventsError`` that names every missing or unreadable variable.
    public convenience init(
        bus: EventBus = .shared, logger: Logger = Logger(label: "weft.events"),
        @EventsBuilder _ components: () -> [EventsComponent] = { [] }
    ) throws {
        self.init(configuration: try .fromEnvironment(), bus: bus, logger: logger, components)
    }

    /// Adds handlers before the start.
    ///
    /// - Precondition: it has not been started.
    public func register(@EventsBuilder _ components: () -> [EventsComponent]) {
        let added = Registrations(components())
        let isIdle = self.state.withLock { state in
            guard case .idle = state else { return false }
            // Under both locks, so that a start at the same moment has either all of them or none.
            self.registrations.withLock { $0.add(added) }
            return true
        }
        precondition(isIdle, "Handlers are registered before the start of Events, not after it.")
    }
}

// Its life; everything else is in Events+Lifecycle.swift.
extension Events {
    /// What a stop has to do.
    enum StopStep {
        case nothing
        case wait
        case stop(EventsParts)
    }

    func beginStart() throws(EventsError) -> Registrations {
        let isFirst = self.state.withLock { state in
            guard case .idle = state else { return false }
            state = .starting
            return true
        }
        guard isFirst else {
            throw EventsError(.alreadyStarted, "Events was started before. Each Events runs once: make another one.")
        }
        return self.registrations.withLock { $0 }
    }

    /// The handlers of tasks in order of registration.
    var taskHandlers: [TaskHandler] { self.registrations.withLock { $0.tasks } }

    /// The shutdown handlers in order of registration.
    var shutdownHandlers: [OnShutdown] { self.registrations.withLock { $0.shutdowns } }

    /// Takes the started parts over; false when it was stopped meanwhile.
    func becomeRunning(_ parts: EventsParts) -> Bool {
        self.state.withLock { state in
            guard case .starting = state else { return false }
            state = .running(parts)
            return true
        }
    }

    func beginStop() -> StopStep {
        let step = self.state.withLock { state -> StopStep in
            switch state {
            case .idle:
                state = .stopped
                return .nothing
            case .starting:
                state = .stopping
                return .wait
            case .running(let parts):
                state = .stopping
                return .stop(parts)
            case .stopping: return .wait
            case .stopped: return .nothing
            }
        }
        self.ended.fire()
        return step
    }

    func finish() {
        self.state.withLock { $0 = .stopped }
        self.ended.fire()
        self.stopped.fire()
    }

    /// The parts while it runs.
    var runningParts: EventsParts {
        get throws(EventsError) {
            let parts = self.state.withLock { state -> EventsParts? in
                guard case .running(let parts) = state else { return nil }
                return parts
            }
            guard let parts else {
                throw EventsError(.notRunning, "Start Events first: call start(), run() or withRunning.")
            }
            return parts
        }
    }
}
