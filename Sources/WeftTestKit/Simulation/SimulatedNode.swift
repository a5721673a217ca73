// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import Weft
public import WeftProtocol

/// One node of a ``SimulatedMesh``: a mesh's state machine, and a bus that only remembers.
public final class SimulatedNode {
    /// The node.
    public let id: NodeID
    /// Its name.
    public let name: String
    /// The state machine.
    public internal(set) var mesh: Mesh
    /// Whether it runs; one that does not neither sends nor receives.
    public internal(set) var isUp = false
    /// Whether it stands still, as a stopped process does: what arrives waits.
    public internal(set) var isPaused = false
    /// What it has emitted and heard, in its order; the newest hundred are its history.
    public internal(set) var log: [EventRecord] = []
    /// The events of the history that it got when it joined.
    public internal(set) var seeded: [EventRecord] = []
    /// The runs of events that it was told will not come.
    public internal(set) var gaps: [Gap] = []
    /// The names of peers that joined and left, as `+name` and `-name(reason)`.
    public internal(set) var comings: [String] = []
    /// How joining ended.
    public internal(set) var joined: Result<Void, MeshError>?
    /// The flushes that have ended, by number.
    public internal(set) var flushes: [UInt64: FlushReport] = [:]
    /// The answers to calls, by number.
    public internal(set) var replies: [UInt64: Value] = [:]
    /// Frames that could not be decoded.
    public internal(set) var badFrames = 0
    /// Whether what is received is handed to the bus at once; while it is not, no cursor moves.
    public var isDelivering = true {
        didSet { if self.isDelivering { self.onDelivering?() } }
    }

    /// A run of events that will not come.
    public struct Gap: Hashable, Sendable {
        /// Whose.
        public var origin: NodeID
        /// The first one.
        public var first: UInt64
        /// The last one.
        public var last: UInt64

        /// Creates a gap.
        public init(origin: NodeID, first: UInt64, last: UInt64) {
            self.origin = origin
            self.first = first
            self.last = last
        }
    }

    var sequence: UInt64 = 0
    var links: [UInt32: String] = [:]
    var subscriptions: Set<String> = []
    var undelivered: [MeshDelivery] = []
    var onDelivering: (() -> Void)?
    var inbox: [() -> Void] = []

    init(id: NodeID, name: String, configuration: MeshConfiguration) {
        self.id = id
        self.name = name
        self.mesh = Mesh(configuration: configuration)
    }

    /// The sequences that it has heard from a node, in its order, without those of the history.
    public func heard(from origin: SimulatedNode) -> [UInt64] {
        self.log.filter { $0.origin == origin.id }.compactMap(\.sequence)
    }

    /// The history as a bus keeps it: what came when joining, then what came since, the newest hundred.
    public var history: [EventRecord] {
        Array((self.seeded + self.log).suffix(100))
    }
}
