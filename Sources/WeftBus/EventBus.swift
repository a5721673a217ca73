// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import Synchronization
import WeftValue

/// An event bus: handlers by name, called when an event of that name is emitted here or on any node that this bus is
/// mirrored with.
///
/// ```swift
/// let bus = EventBus.shared
/// bus.on("order:created") { (id: String, total: Double) in print("order \(id): \(total)") }
/// bus.on(matching: "order:*") { record in print(record.name) }
/// await bus.emit("order:created", "o-1", 42.0)
/// ```
///
/// A handler that does not suspend is a *synchronous* listener and runs where the event is emitted; one that does is an
/// *asynchronous* listener: ``emit(_:_:)`` awaits it, ``emitSync(_:_:)`` and events from other nodes put the event into the
/// listener's mailbox, from which it takes one at a time per origin, in order.
///
/// Listeners are called in the order of registration, exact names and patterns merged. One that fails stops no other: the
/// failure is in the ``EmitReport`` and goes out as an `error` event. A handler may add and remove listeners and emit.
///
/// There is no order between events of different origins: if node A emits `a` and node B, on hearing it, emits `b`, then
/// node C may hear `b` first.
public final class EventBus: Sendable {
    /// The bus of the process; it works before anything else has been started.
    public static let shared = EventBus()

    struct State {
        var registry = Registry()
        var history: History
        var port: (any EventPort)?
        var origin: NodeID
        var counters = Counters()
    }

    let configuration: Configuration
    let state: Locked<State>
    /// Whether a port is attached, readable without the lock.
    let hasPort = Atomic(false)
    // Parts of the configuration that each emit asks for; to reach into it costs references each time.
    let keepsHistory: Bool
    let sizeLimit: Int
    let announcements = Announcements()

    /// Creates a bus of its own.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        self.keepsHistory = configuration.historyEvents > 0
        self.sizeLimit = configuration.mirroredEventBytes - EventName.maximumLength
        self.state = Locked(
            State(
                history: History(
                    maximumCount: configuration.historyEvents, maximumBytes: configuration.historyBytes),
                origin: .random()))
    }

    var logger: Logger { self.configuration.logger }

    /// How often what has happened so far.
    public var counters: Counters {
        self.state.withLock { $0.counters }
    }

    func count(_ counter: WritableKeyPath<Counters, UInt64>, by count: Int = 1) {
        self.state.withLock { $0.counters[keyPath: counter] &+= UInt64(clamping: count) }
    }
}
