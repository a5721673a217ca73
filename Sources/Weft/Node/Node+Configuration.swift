// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import Logging
public import WeftBus
public import WeftProtocol
public import WeftValue

extension Node {
    /// What a node is made with.
    public struct Configuration: Sendable {
        /// The stable name; by default the program's and the process's number.
        public var name: String
        /// What the node does.
        public var roles: Set<NodeRole>
        /// Where to bind, as `tcp://HOST:PORT`: control there, events at the next port; nil picks a port, on the loopback, or
        /// with a seed on another machine at the address from which connections go there.
        public var bind: String?
        /// The host that others dial, when it is not the one in ``bind``.
        public var advertise: String?
        /// Control addresses of members, any of which will do; none for the first node.
        public var seeds: [String]
        /// Whether links without keys are allowed on other addresses than loopback ones.
        public var isInsecure: Bool
        /// Who the node is and whom it lets in; nil for a node without keys, which stays on this machine.
        public var keys: NodeKeys?
        /// Whether a peer that does not keep up holds this node's stream back, instead of missing some of it.
        public var waitForSlowest: Bool
        /// How long to look for the mesh; nil to go on until a seed answers, as services do.
        public var joinTimeout: Duration?
        /// How much of its own stream the node holds for those who missed it, in bytes.
        public var replayWindow = MeshDefaults.replayWindow
        /// How much of the others' streams the node holds, all together, in bytes.
        public var receivedWindows = MeshDefaults.receivedWindows
        /// What other parts of Weft tell the others about this node.
        public var extras: [String: Value]
        /// The bus to mirror.
        public var bus: EventBus
        /// Takes comings and goings, at info and below.
        public var logger: Logger

        /// Creates a configuration.
        ///
        /// - Parameters:
        ///   - name: The stable name; nil takes the key's, or else the program's name and the process's number.
        ///   - seeds: Control addresses of members.
        ///   - bus: The bus to mirror.
        public init(
            name: String? = nil, roles: Set<NodeRole> = [.peer], bind: String? = nil, advertise: String? = nil,
            seeds: [String] = [], isInsecure: Bool = false, keys: NodeKeys? = nil, waitForSlowest: Bool = false,
            joinTimeout: Duration? = MeshDefaults.joinTimeout, extras: [String: Value] = [:],
            bus: EventBus = .shared, logger: Logger = Logger(label: "weft.node")
        ) {
            self.name = name ?? keys?.name ?? Self.defaultName
            self.roles = roles
            self.bind = bind
            self.advertise = advertise
            self.seeds = seeds
            self.isInsecure = isInsecure
            self.keys = keys
            self.waitForSlowest = waitForSlowest
            self.joinTimeout = joinTimeout
            self.extras = extras
            self.bus = bus
            self.logger = logger
        }
    }
}
