// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol

/// A worker's settings.
public struct WorkerConfiguration: Hashable, Sendable {
    /// How many tasks run at once.
    public var slots = TaskDefaults.slots
    /// The queues that are served; empty for all.
    public var queues: [String] = []
    /// Where the worker takes tasks: an endpoint to bind; nil for a free port beside the node's own.
    public var bind: String?
    /// The host that the coordinator dials; nil for the one that is bound.
    public var advertise: String?
    /// How long running work may take to end when the worker stops.
    public var drainDeadline = TaskDefaults.drainDeadline
    /// How long handlers go on after the connection to the coordinator has closed, so that the next one can leave them their tasks.
    ///
    /// Where coordinators may be away for longer and handlers must not be run twice for it, make it longer.
    public var coordinatorGrace = TaskDefaults.coordinatorGrace
    /// How long a handler that was asked to stop may take before its attempt is ended without it.
    ///
    /// Its slot is then given to the next task, although the handler goes on.
    public var stopGrace = TaskDefaults.stopGrace

    /// Creates the default settings.
    ///
    /// - Parameters:
    ///   - slots: How many tasks run at once.
    ///   - queues: The queues that are served; empty for all.
    public init(slots: Int = TaskDefaults.slots, queues: [String] = []) {
        self.slots = slots
        self.queues = queues
    }
}
