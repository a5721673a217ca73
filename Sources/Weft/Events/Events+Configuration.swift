// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
public import WeftPlatform
public import WeftProtocol

extension Events {
    /// Where handlers run, as which agent, and within which limits.
    ///
    /// ```swift
    /// Events.Configuration.embedded(platform: settings)              // everything in this process
    /// Events.Configuration.worker(join: ["tcp://10.0.0.1:7400"])     // a worker of a cluster
    /// try Events.Configuration.fromEnvironment()                     // whichever the environment says
    /// ```
    public struct Configuration: Sendable {
        /// Where the coordinator is.
        public enum Placement: Sendable {
            /// In this process, which nothing outside this machine can reach. Without a platform, tasks come from
            /// ``Events/submit(_:with:)`` only.
            case embedded(platform: PlatformConfiguration?)
            /// In another process; this one joins its cluster through any of its nodes.
            case worker(join: [String])
        }

        /// Where the coordinator is.
        public var placement: Placement
        /// The agent of handlers that name none; nil, in a cluster, for tasks of any agent.
        public var agentID: String?
        /// The stable name of this process in the mesh; nil for the program's and the process's number.
        public var name: String?
        /// Where to listen, as `tcp://HOST:PORT`; nil for the loopback, which only this machine can reach.
        public var bind: String?
        /// The host that others dial, when it is not the one in ``bind``.
        public var advertise: String?
        /// Whether links without keys are allowed on other addresses than loopback ones.
        public var isInsecure = false
        /// Who this process is in the mesh and whom it lets in; nil for a mesh without keys.
        public var keys: NodeKeys?
        /// How long a worker looks for its cluster at the start; nil to go on until a node answers.
        public var joinTimeout: Duration? = MeshDefaults.joinTimeout
        /// How many tasks run at once; when all slots are taken, the platform is told so.
        public var slots: Int
        /// On how many threads synchronous handlers run, by default one for each slot; handlers beyond that wait.
        public var maxSyncWorkers: Int
        /// How long a stop lets running tasks and background tasks end before it cancels them.
        public var drainDeadline: Duration

        /// How the platform's stream is kept, and how long to pause when the network fails; when embedded.
        public var connection = AgentConnection.Configuration()
        /// How tasks are dealt, tried again and reported, with the pauses between attempts; when embedded.
        public var coordinator = CoordinatorConfiguration()
        /// Where tasks are recorded when embedded; nil for this process's memory.
        public var ledger: (any Ledger)?

        /// Creates a configuration.
        ///
        /// - Parameters:
        ///   - placement: Where the coordinator is.
        ///   - agentID: The agent of handlers that name none; by default the first of the platform's settings.
        ///   - name: The stable name of this process in the mesh; nil for the program's and the process's number.
        ///   - slots: How many tasks run at once.
        ///   - maxSyncWorkers: On how many threads synchronous handlers run; by default one for each slot.
        ///   - drainDeadline: How long a stop lets running work end.
        public init(
            _ placement: Placement, agentID: String? = nil, name: String? = nil,
            slots: Int = TaskDefaults.slots, maxSyncWorkers: Int? = nil,
            drainDeadline: Duration = TaskDefaults.drainDeadline
        ) {
            self.placement = placement
            self.name = name
            self.slots = slots
            self.maxSyncWorkers = maxSyncWorkers ?? slots
            self.drainDeadline = drainDeadline
            if let agentID {
                self.agentID = agentID
            } else if case .embedded(let platform?) = placement {
                self.agentID = platform.agentIDs.first
            }
        }

        /// Everything in this process: the coordinator that owns the platform's stream, and one worker.
        public static func embedded(platform: PlatformConfiguration?, agentID: String? = nil) -> Self {
            Self(.embedded(platform: platform), agentID: agentID)
        }

        /// A worker of the cluster that any of `endpoints` belongs to, such as `tcp://127.0.0.1:7400`.
        public static func worker(join endpoints: [String], agentID: String? = nil) -> Self {
            Self(.worker(join: endpoints), agentID: agentID)
        }

        func nodeSettings(bus: EventBus, logger: Logger) -> Node.Configuration {
            var settings = Node.Configuration(
                name: self.name, bind: self.bind, advertise: self.advertise, isInsecure: self.isInsecure,
                keys: self.keys, joinTimeout: self.joinTimeout, bus: bus, logger: logger)
            if case .worker(let seeds) = self.placement { settings.seeds = seeds }
            return settings
        }

        var coordinatorSettings: CoordinatorConfiguration {
            var settings = self.coordinator
            settings.drainDeadline = self.drainDeadline
            return settings
        }

        var workerSettings: WorkerConfiguration {
            var settings = WorkerConfiguration(slots: self.slots)
            settings.drainDeadline = self.drainDeadline
            return settings
        }

        /// Whether the settings can work at all.
        func check() throws(EventsError) {
            guard (1...TaskDefaults.maximumSlots).contains(self.slots) else {
                throw EventsError(
                    .invalidConfiguration,
                    "\(self.slots) slots are not possible; give 1 to \(TaskDefaults.maximumSlots).")
            }
            guard self.maxSyncWorkers >= 1 else {
                throw EventsError(
                    .invalidConfiguration,
                    "\(self.maxSyncWorkers) threads for synchronous handlers are too few; give 1.")
            }
            if case .worker(let endpoints) = self.placement, endpoints.isEmpty {
                throw EventsError(
                    .invalidConfiguration,
                    "A worker of a cluster needs the endpoint of one of its nodes, such as tcp://127.0.0.1:7400.")
            }
        }
    }
}
