// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftValue

/// One node's side of the mesh, as a value: membership, links, streams, joining, flushing.
///
/// It is told what happened and what time it is, and returns what to do, in order. It knows no socket, no clock and no
/// lock, so that any number of nodes can run in one test without a network.
public struct Mesh: Sendable {
    /// How often what should not happen did.
    public internal(set) var counters = MeshCounters()
    /// This node's own record, as the others know it.
    public internal(set) var local: MemberRecord {
        didSet { self.localDigest = Membership.digest(of: self.local) }
    }
    /// What this node's record adds to the roster's digest.
    private(set) var localDigest: UInt64
    let configuration: MeshConfiguration
    var membership: Membership
    var health: LocalHealth
    var forwardedPings: [UInt64: ForwardedPing] = [:]
    var peers: [NodeID: PeerState] = [:]
    var streams: [NodeID: StreamReceiver] = [:]
    var seeds: [Seed] = []
    var join = JoinState.idle
    var joinDeadline: MonotonicTime?
    /// Members whose history was asked for and who had none to give.
    var refusedSnapshots: Set<NodeID> = []
    /// The member that answered first: the best to ask for history.
    var sponsor: NodeID?
    /// Cursors of the history for origins that are not connected yet.
    var historyCursors: [NodeID: UInt64] = [:]
    /// Those who are no members and whose streams are kept, and until when: see ``orphan(_:at:)``.
    var orphans: [NodeID: MonotonicTime] = [:]
    /// Where streams have begun of late with their origins' own probes, and when.
    var beginnings: [NodeID: Beginning] = [:]
    var snapshotWaiters: [(ticket: SnapshotTicket, floors: [NodeID: UInt64], deadline: MonotonicTime)] = []
    var flushes: [FlushTracker] = []
    /// What those who said goodbye had by then, until they are forgotten.
    var farewells: [NodeID: Farewell] = [:]
    /// Who subscribed before saying HELLO.
    var strangers: Set<NodeID> = []
    /// The last sequence that has gone out on the event stream.
    var head: UInt64 = 0
    /// What has been published since the peers were last asked how far they are.
    var unaskedBytes = 0
    var isReading = true
    var hasLeft = false
    var windows: ReplayWindows
    /// What is being fetched, by origin.
    var repairs: [NodeID: Repair] = [:]
    /// Streams in which something is missing.
    var broken: Set<NodeID> = []
    var repairBytesLeft: Int
    var random: SplitMix64
    var links: [UInt32: LinkPurpose] = [:]
    var lastLink: UInt32 = 0
    var nextHeartbeat = MonotonicTime(nanoseconds: 0)
    var lastTick: MonotonicTime?
    var rostersLeft = MeshDefaults.rostersPerInterval
    var actions: [MeshAction] = []
    var rosterChanged = false
    /// Whether a member may have become complete since it was last looked at.
    var mayBeComplete = false
    /// Those that have said goodbye and whose streams have not ended.
    var leaving: Set<NodeID> = []

    enum LinkPurpose: Hashable {
        case seed(Int)
        case peer(NodeID)
    }

    /// Creates a node that does nothing yet.
    public init(configuration: MeshConfiguration) {
        self.configuration = configuration
        self.local = configuration.local
        self.localDigest = Membership.digest(of: configuration.local)
        self.membership = Membership(configuration: configuration)
        self.health = LocalHealth(step: configuration.suspectAfter)
        self.repairBytesLeft = configuration.repairBytesPerTick
        self.windows = ReplayWindows(
            local: configuration.local.id, ownLimit: configuration.replayWindow,
            othersLimit: configuration.receivedWindows)
        self.random = SplitMix64(seed: configuration.randomSeed)
    }

    /// The bytes of events that wait for the history that goes before them.
    public var heldBytes: Int {
        self.hasHistory ? 0 : self.streams.values.reduce(0) { $0 + $1.heldBytes }
    }

    /// The bytes of events that wait for what is missing before them.
    public var aheadBytes: Int {
        self.broken.reduce(0) { $0 + (self.streams[$1]?.aheadBytes ?? 0) }
    }

    /// Whether the node has joined, or needs not.
    public var hasJoined: Bool {
        if case .joined = self.join { true } else { false }
    }

    // MARK: Calls

    /// Says where the others reach this node; before ``start(at:)``.
    public mutating func setAddresses(control: String, publish: String) {
        self.local.control = control
        self.local.publish = publish
    }

    /// Begins: looks for the seeds, or is the first node when there are none.
    public mutating func start(at now: MonotonicTime) -> [MeshAction] {
        self.lastTick = now
        self.nextHeartbeat = now + self.configuration.heartbeatInterval
        guard !self.configuration.seeds.isEmpty else {
            self.join = .joined
            self.actions.append(.joined)
            return self.finish(at: now)
        }
        self.join = .seeking
        self.joinDeadline = self.configuration.joinTimeout.map { now + $0 }
        self.seeds = self.configuration.seeds.map { Seed(endpoint: $0, nextHello: now, nextRedial: now) }
        for index in self.seeds.indices { self.dialSeed(index, at: now) }
        return self.finish(at: now)
    }

    /// A node has subscribed to the probes meant for it, after it subscribed to the events.
    public mutating func subscriptionSeen(from id: NodeID, at now: MonotonicTime) -> [MeshAction] {
        guard id != self.local.id else { return [] }
        if self.peers[id] != nil {
            self.peers[id]?.isSubscribed = true
            self.sendProbe(to: id, at: now)
        } else if self.strangers.count < MeshDefaults.strangers {
            self.strangers.insert(id)
        } else {
            self.counters.strangersForgotten += 1
        }
        return self.finish(at: now)
    }

    /// A batch of the own stream has gone out.
    public mutating func published(_ batch: EventBatch) {
        self.head = max(self.head, batch.last)
        self.keep(batch)
    }

    /// Keeps a batch for those who will have missed it.
    mutating func keep(_ batch: EventBatch) {
        let dropped = self.windows.insert(batch)
        if batch.origin == self.local.id {
            self.counters.ownWindowDropped += dropped
        } else {
            self.counters.receivedWindowsDropped += dropped
        }
    }

    /// The bytes that are held for others: of the own stream, and of all that were received.
    public var windowBytes: (own: Int, received: Int) { (self.windows.ownBytes, self.windows.receivedBytes) }

    /// Something came over the event stream.
    public mutating func received(_ frame: PublishedFrame, at now: MonotonicTime) -> [MeshAction] {
        switch frame {
        case .batch(let batch):
            let origin = batch.origin
            guard let status = self.membership.status(of: origin), status != .left || self.peers[origin] != nil else {
                self.counters.strangers += 1
                return []
            }
            if status != .left { self.heard(origin, at: now) }
            self.take(batch, of: origin)
            // The usual case, kept short: a batch of a member that is neither leaving nor coming back changes nothing else.
            if status == .alive, !self.rosterChanged, self.broken.isEmpty {
                defer { self.actions = [] }
                return self.actions
            }
        case .probe(let probe):
            self.probed(probe, at: now)
        }
        return self.finish(at: now)
    }

    /// The events of an origin up to a sequence have been handed to the mailboxes.
    public mutating func delivered(_ origin: NodeID, through sequence: UInt64, at now: MonotonicTime) -> [MeshAction] {
        self.streams[origin]?.delivered(through: sequence)
        self.answerFlushes(of: origin)
        return self.finish(at: now)
    }

    /// Whether the event stream is read at all, or held back because delivery is behind.
    public mutating func setReading(_ isReading: Bool) {
        self.isReading = isReading
    }

    /// Asks every peer that hears this node to say when it has received the stream up to a sequence; the report also names those
    /// that live and don't hear it.
    ///
    /// - Parameter id: A number for ``MeshAction/flushed(id:_:)``.
    public mutating func flush(id: UInt64, through sequence: UInt64, at now: MonotonicTime) -> [MeshAction] {
        var names: [NodeID: String] = [:]
        for (peer, state) in self.peers where state.hearsUs && self.membership[peer]?.isLive == true {
            names[peer] = self.membership[peer]?.record.name
        }
        var flush = FlushTracker(
            id: id, sequence: sequence, peers: names, deadline: now + self.configuration.deadAfter, nextAsk: now)
        for (peer, farewell) in self.farewells where farewell.sequence >= sequence {
            flush.add(peer, named: farewell.name, .confirmed, missed: farewell.missed)
        }
        // Who lives and is not waited for has not got it either.
        for member in self.membership.live where self.isLeftOut(member.record.id) && names[member.record.id] == nil {
            flush.add(member.record.id, named: member.record.name, .unconfirmed, missed: 0)
        }
        self.flushes.append(flush)
        self.askFlushes(at: now)
        return self.finish(at: now)
    }

    /// Changes what the others know about this node.
    public mutating func update(
        roles: Set<NodeRole>? = nil, extras: [String: Value]? = nil, at now: MonotonicTime
    ) -> [MeshAction] {
        self.local.roles = roles ?? self.local.roles
        self.local.extras = extras ?? self.local.extras
        self.local.revision += 1
        self.rosterChanged = true
        let entry = RosterEntry(record: self.local, silence: 0)
        for id in self.livePeers { self.send(.roster([entry], wantsReply: false), to: id) }
        return self.finish(at: now)
    }

    /// Says goodbye to everyone.
    public mutating func leave(at now: MonotonicTime) -> [MeshAction] {
        guard !self.hasLeft else { return [] }
        self.hasLeft = true
        for id in self.livePeers {
            // Whoever asks, or is about to ask, has the answer before the goodbye.
            if let stream = self.streams[id], stream.phase == .live {
                self.send(
                    .flushed(through: stream.confirmed, missed: stream.missed, by: self.local.id), to: id)
            }
            self.send(.goodbye(head: self.head), to: id)
        }
        return self.finish(at: now)
    }

    /// Sends a call to a member.
    ///
    /// - Returns: nil when there is no such live member.
    public mutating func call(
        _ id: NodeID, number: UInt64, method: String, body: Value, at now: MonotonicTime
    ) -> [MeshAction]? {
        guard self.peers[id] != nil, self.membership[id]?.isLive == true else { return nil }
        self.send(.request(id: number, method: method, body: body), to: id)
        return self.finish(at: now)
    }

    // MARK: Inside

    var livePeers: [NodeID] {
        self.peers.keys.filter { self.membership.isLive($0) }.sorted()
    }

    mutating func send(_ message: ControlMessage, to id: NodeID) {
        guard let link = self.peers[id]?.link else { return }
        self.actions.append(.send(message, on: .outbound(link)))
    }

    mutating func take(_ outputs: [StreamReceiver.Output]) {
        for output in outputs {
            switch output {
            case .delivery(let delivery):
                if case .gap(_, let first, let last) = delivery {
                    self.counters.gaps += 1
                    // Whoever says that its stream goes on for ever may do so more than once.
                    let (sum, overflow) = self.counters.missed.addingReportingOverflow(last - first + 1)
                    self.counters.missed = overflow ? .max : sum
                }
                self.actions.append(.deliver(delivery))
            case .duplicates(let count): self.counters.duplicates += count
            case .early: self.counters.early += 1
            case .held: self.counters.held += 1
            case .overflowed: self.counters.heldOverflowed += 1
            }
        }
    }

    /// Does what has become possible, and hands out the actions.
    mutating func finish(at now: MonotonicTime) -> [MeshAction] {
        self.settleGoodbyes(at: now)
        self.announceComplete(at: now)
        self.advanceJoin(at: now)
        self.mend(at: now)
        self.answerSnapshotWaiters(at: now)
        self.reportFlushes()
        if self.rosterChanged {
            self.rosterChanged = false
            self.actions.append(.rosterChanged)
        }
        defer { self.actions = [] }
        return self.actions
    }
}
