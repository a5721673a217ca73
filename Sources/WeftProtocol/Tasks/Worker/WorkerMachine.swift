// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
public import WeftBus
import WeftValue

/// The worker's side of the task plane: what it holds, what it may still hold, and what it owes the coordinator.
///
/// A value without sockets, clocks or tasks. It runs at most as many attempts as it has slots, keeps every outcome until the
/// coordinator has acknowledged it, and renews its leases with each heartbeat.
///
/// It fences itself. When the coordinator falls silent, handlers are stopped at the moment at which their leases run out, because others may
/// run their tasks from then on. When the connection closes, most likely the coordinator's process has died: handlers then go on for
/// ``Configuration/coordinatorGrace``, so that the next coordinator can leave them what they hold, and are stopped after that. What has ended
/// by then is kept, and offered to whichever coordinator comes.
public struct WorkerMachine: Sendable {
    /// What a worker offers.
    public struct Configuration: Hashable, Sendable {
        /// The worker's name.
        public var name: String
        /// How many tasks run at once.
        public var slots: Int
        /// The agents that are served; empty for all.
        public var agents: [String]
        /// The queues that are served; empty for all.
        public var queues: [String]
        /// Where the worker's PULL socket can be reached.
        public var endpoint: String
        /// The largest result, in bytes.
        public var maximumResultBytes = TaskDefaults.maximumResultBytes
        /// How long the coordinator may be silent before the worker registers again.
        public var silence = TaskDefaults.suspicion
        /// How long handlers go on after the connection to the coordinator has closed.
        public var coordinatorGrace = TaskDefaults.coordinatorGrace
        /// How long a handler that was asked to stop may take before its attempt is ended without it.
        public var stopGrace = TaskDefaults.stopGrace
        /// How far apart two reports of an attempt's progress are, at least.
        public var progressInterval = TaskDefaults.progressInterval
        /// The largest report of progress, in bytes; larger ones are dropped.
        public var maximumProgressBytes = TaskDefaults.maximumProgressBytes

        /// Creates a configuration.
        public init(
            name: String, slots: Int = TaskDefaults.slots, agents: [String] = [], queues: [String] = [],
            endpoint: String
        ) {
            self.name = name
            self.slots = min(max(1, slots), TaskDefaults.maximumSlots)
            self.agents = agents
            self.queues = queues
            self.endpoint = endpoint
        }
    }

    enum Link: Equatable {
        case none
        /// The sink is known, and the registration is not confirmed yet.
        case registering(endpoint: String)
        case welcomed(endpoint: String, TaskEpoch)
        /// The connection closed; it may come back, and what runs goes on.
        case closed(endpoint: String)

        var endpoint: String? {
            switch self {
            case .none: nil
            case .registering(let endpoint), .welcomed(let endpoint, _), .closed(let endpoint): endpoint
            }
        }
    }

    struct Key: Hashable, Comparable {
        var id: String
        var attempt: Int

        static func < (left: Self, right: Self) -> Bool { (left.id, left.attempt) < (right.id, right.attempt) }
    }

    enum Phase: Equatable {
        case waiting
        case running
        /// The handler was asked to stop; what it then says is changed accordingly.
        case stopping(Cause)
        /// Ended, and not yet acknowledged.
        case finished(TaskOutcome, sentAt: MonotonicTime?)

        /// Whether a handler is at it.
        var isRunning: Bool {
            switch self {
            case .running, .stopping: true
            case .waiting, .finished: false
            }
        }
    }

    enum Cause: Equatable {
        /// Somebody cancelled the task.
        case cancelled(String)
        /// It ran longer than it may.
        case expired
        /// The worker's own time is over: unless it ends in time, it goes back to the queue.
        case returned
        /// Its lease ran out: somebody else may run it by now. A result that still comes is offered, and fenced by the coordinator.
        case fenced
        /// It is no longer ours: whatever it comes to is dropped.
        case abandoned

        /// Whether the worker no longer says that it holds the attempt.
        var isLetGo: Bool { self == .abandoned || self == .fenced }
    }

    struct Held {
        var reference: TaskReference
        var request: TaskRequest
        var phase: Phase
        /// When it has run as long as it may; nil for no limit, and before it runs.
        var limit: MonotonicTime?
        /// When a handler that was asked to stop is no longer waited for.
        var stopLimit: MonotonicTime?
        /// When progress was last sent.
        var progressAt: MonotonicTime?
        /// The newest progress that has not been sent.
        var progress: Value?
        /// Where another attempt of the same task is; nil when there is none.
        var other: Int?

        var key: Key { Key(id: self.reference.id, attempt: self.reference.attempt) }
    }

    /// The worker's node.
    public let id: NodeID
    /// What it offers.
    public let configuration: Configuration
    /// What has been counted.
    public package(set) var counters = WorkerCounters()
    /// Whether nothing more is taken.
    public internal(set) var isDraining = false

    var link = Link.none
    var epoch: TaskEpoch?
    var lease = TaskDefaults.lease
    var takesSeveral = false
    var heartbeat = TaskDefaults.heartbeat
    var session: UInt64 = 0
    var sequence: UInt64 = 0
    var lastPing: UInt64 = 0
    var heardAt: MonotonicTime
    var spokeAt: MonotonicTime?
    /// Until when the coordinator is known to leave us what we hold.
    var leaseEnd: MonotonicTime?
    var unconfirmed: Deque<(sequence: UInt64, sentAt: MonotonicTime)> = []
    var held = WorkerAttempts()
    var waiting: Deque<Key> = []
    /// Handlers that did not stop when they were told to; their attempts have ended without them.
    var lingering: Set<Key> = []
    /// When a worker whose time for draining is over leaves, whatever still runs.
    var leavesAt: MonotonicTime?
    var hasLeft = false

    /// Creates a worker that knows no coordinator yet.
    public init(id: NodeID, configuration: Configuration, now: Moment) {
        self.id = id
        self.configuration = configuration
        self.heardAt = now.monotonic
    }

    // MARK: - What others may ask

    /// Whether a coordinator has taken the worker on.
    public var isRegistered: Bool {
        if case .welcomed = self.link { return true }
        return false
    }

    /// How many handlers run, those included that were asked to stop.
    public var runningCount: Int { self.held.running }

    /// How many handlers go on although their attempts have ended, because they do not stop.
    public var lingeringCount: Int { self.lingering.count }

    /// How many outcomes wait for an acknowledgement.
    public var unacknowledgedCount: Int {
        self.held.values.reduce(0) { if case .finished = $1.phase { $0 + 1 } else { $0 } }
    }
}
