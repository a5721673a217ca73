// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HeapModule
import Weft
public import WeftProtocol

/// Any number of nodes in one thread, without a network and without a clock: the same calls, the same run.
///
/// Every message goes through the wire codec. Each direction of each connection keeps its order, as TCP does.
public final class SimulatedMesh {
    /// What time it is.
    public private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000)
    /// The nodes in the order in which they were added.
    public private(set) var nodes: [SimulatedNode] = []
    /// How long everything is on its way.
    public var latency: Duration = .milliseconds(1)
    /// Decides which control messages get lost.
    public var losesControl: (_ from: SimulatedNode, _ to: SimulatedNode, _ message: ControlMessage) -> Bool = {
        _, _, _ in
        false
    }
    /// Decides which frames of the event stream get lost.
    public var losesPublished: (_ from: SimulatedNode, _ to: SimulatedNode, _ frame: PublishedFrame) -> Bool = {
        _, _, _ in
        false
    }

    /// What is still to happen, the next thing last.
    private var queue: [Step] = []
    private var steps: UInt64 = 0
    private var random: SplitMix64
    private var subscribed: Set<Pair> = []
    private var cuts: Set<Pair> = []
    private var severed: Set<Link> = []
    private var connecting: Set<Subscription> = []

    private struct Pair: Hashable {
        var from: NodeID
        var to: NodeID
    }

    private struct Link: Hashable {
        var owner: NodeID
        var number: UInt32
    }

    private struct Subscription: Hashable {
        var subscriber: NodeID
        var endpoint: String
    }

    private struct Step {
        let time: MonotonicTime
        let number: UInt64
        let body: () -> Void

        static func < (left: Step, right: Step) -> Bool { (left.time, left.number) < (right.time, right.number) }
    }

    /// Creates a mesh without nodes.
    ///
    /// - Parameter seed: Where the nodes' ids and nonces come from.
    public init(seed: UInt64 = 1) {
        self.random = SplitMix64(seed: seed)
    }

    // MARK: Nodes

    /// Adds a node, which does nothing until ``start(_:)``.
    ///
    /// - Parameters:
    ///   - name: Its name, which is also its address, so that a second one of the same name takes its place.
    ///   - seeds: The names of nodes to join through.
    ///   - adjust: Changes its configuration.
    public func add(
        _ name: String, seeds: [String] = [], versions: VersionRange = .current,
        adjust: (inout MeshConfiguration) -> Void = { _ in }
    ) -> SimulatedNode {
        let id = NodeID.random(using: &self.random)
        let record = MemberRecord(
            id: id, name: name, control: "control-\(name)", publish: "publish-\(name)", versions: versions)
        var configuration = MeshConfiguration(
            local: record, seeds: seeds.map { "control-\($0)" }, randomSeed: self.random.next())
        adjust(&configuration)
        let node = SimulatedNode(id: id, name: name, configuration: configuration)
        node.onDelivering = { [unowned self, unowned node] in self.deliverHeld(node) }
        self.nodes.append(node)
        return node
    }

    /// Adds nodes that have joined through the first one.
    public func joined(_ names: String...) -> [SimulatedNode] {
        names.enumerated().map { index, name in
            let node = self.add(name, seeds: index == 0 ? [] : [names[0]])
            self.start(node)
            self.run(for: .milliseconds(100))
            return node
        }
    }

    /// Starts a node.
    public func start(_ node: SimulatedNode) {
        node.isUp = true
        self.perform(node, node.mesh.start(at: self.now))
        self.scheduleTick(node)
        // Who tried to reach the address before reaches it now.
        for other in self.nodes where other.isUp && other !== node {
            if other.subscriptions.contains(node.mesh.local.publish) {
                self.connect(other, to: node.mesh.local.publish)
            }
        }
    }

    /// Ends a node without a word.
    public func kill(_ node: SimulatedNode) {
        node.isUp = false
        self.subscribed = self.subscribed.filter { $0.from != node.id && $0.to != node.id }
    }

    /// Ends a node with a goodbye.
    public func leave(_ node: SimulatedNode) {
        self.perform(node, node.mesh.leave(at: self.now))
        self.run(for: self.latency)
        self.kill(node)
    }

    /// Makes a node stand still, or go on.
    ///
    /// - Parameter losing: Whether what was sent to it meanwhile is lost.
    public func pause(_ node: SimulatedNode, _ isPaused: Bool = true, losing: Bool = false) {
        node.isPaused = isPaused
        guard !isPaused else { return }
        let inbox = losing ? [] : node.inbox
        node.inbox = []
        for body in inbox { body() }
        self.scheduleTick(node)
    }

    /// Cuts the network between two groups, in both directions: what is sent across gets lost.
    public func cut(_ some: [SimulatedNode], from others: [SimulatedNode]) {
        for one in some {
            for other in others {
                self.cuts.insert(Pair(from: one.id, to: other.id))
                self.cuts.insert(Pair(from: other.id, to: one.id))
            }
        }
    }

    /// Breaks the connections that two nodes have with each other in a way that neither of them notices, as when something
    /// between them forgets: nothing passes any more, and new connections work.
    public func sever(_ one: SimulatedNode, from other: SimulatedNode) {
        for (owner, target) in [(one, other), (other, one)] {
            self.severLinks(of: owner, to: target)
            self.severEvents(of: owner, to: target)
        }
    }

    /// Breaks the control links that a node has opened to another one in a way that neither of them notices.
    public func severLinks(of owner: SimulatedNode, to target: SimulatedNode) {
        for (number, endpoint) in owner.links where endpoint == target.mesh.local.control {
            self.severed.insert(Link(owner: owner.id, number: number))
        }
    }

    /// Breaks the connection over which a node hears another one's events, in a way that neither of them notices.
    public func severEvents(of publisher: SimulatedNode, to subscriber: SimulatedNode) {
        self.subscribed.remove(Pair(from: publisher.id, to: subscriber.id))
    }

    /// Heals all cuts.
    public func heal() {
        self.cuts = []
    }

    // MARK: What nodes do

    /// Emits events, each in a batch of its own.
    public func emit(_ node: SimulatedNode, _ count: Int = 1, name: String = "event") {
        for _ in 0..<count {
            node.sequence += 1
            var batch = EventBatchBuilder(origin: node.id)
            batch.append(name: name, arguments: [0x90], time: 0, sequence: node.sequence)
            let sent = batch.finishBatch()
            node.log.append(
                EventRecord(
                    name: EventName(name), origin: node.id, sequence: node.sequence,
                    time: .init(microsecondsSince1970: 0), arguments: [0x90]))
            self.publish(node, Array(sent.frame))
            node.mesh.published(sent)
        }
    }

    /// Begins a flush.
    public func flush(_ node: SimulatedNode, id: UInt64) {
        self.perform(node, node.mesh.flush(id: id, through: node.sequence, at: self.now))
    }

    /// Does something with a node's state machine and what comes of it.
    public func act(_ node: SimulatedNode, _ body: (inout Mesh, MonotonicTime) -> [MeshAction]) {
        self.perform(node, body(&node.mesh, self.now))
    }

    // MARK: Time

    /// Lets time pass.
    public func run(for duration: Duration) {
        let end = self.now + duration
        while let step = self.queue.last, step.time <= end {
            self.queue.removeLast()
            self.now = step.time
            step.body()
        }
        self.now = end
    }

    /// Lets time pass until something is so.
    ///
    /// - Returns: Whether it came to be within the limit.
    @discardableResult
    public func run(within limit: Duration = .seconds(60), until isSo: () -> Bool) -> Bool {
        let end = self.now + limit
        while !isSo() {
            guard let step = self.queue.last, step.time <= end else {
                self.now = end
                return isSo()
            }
            self.queue.removeLast()
            self.now = step.time
            step.body()
        }
        return true
    }

    // MARK: Inside

    private func after(_ delay: Duration, _ body: @escaping () -> Void) {
        self.steps += 1
        let step = Step(time: self.now + delay, number: self.steps, body: body)
        var (low, high) = (0, self.queue.count)
        while low < high {
            let middle = (low + high) / 2
            if self.queue[middle] < step { high = middle } else { low = middle + 1 }
        }
        self.queue.insert(step, at: low)
    }

    /// Something arrives at a node, later if the node stands still.
    private func arrive(at node: SimulatedNode, _ body: @escaping () -> Void) {
        self.after(self.latency) {
            guard node.isUp else { return }
            if node.isPaused { node.inbox.append(body) } else { body() }
        }
    }

    private func scheduleTick(_ node: SimulatedNode) {
        self.after(MeshDefaults.tickInterval) {
            guard node.isUp, !node.isPaused else { return }
            self.perform(node, node.mesh.tick(at: self.now))
            self.scheduleTick(node)
        }
    }

    private func node(at endpoint: String) -> SimulatedNode? {
        self.nodes.last { $0.isUp && ($0.mesh.local.control == endpoint || $0.mesh.local.publish == endpoint) }
    }

    private func isCut(_ from: SimulatedNode, _ to: SimulatedNode) -> Bool {
        self.cuts.contains(Pair(from: from.id, to: to.id))
    }

    private func perform(_ node: SimulatedNode, _ actions: [MeshAction]) {
        for action in actions {
            switch action {
            case .open(let link, let endpoint): node.links[link] = endpoint
            case .close(let link): node.links[link] = nil
            case .subscribe(let endpoint):
                node.subscriptions.insert(endpoint)
                self.connect(node, to: endpoint)
            case .unsubscribe(let endpoint):
                node.subscriptions.remove(endpoint)
                if let publisher = self.node(at: endpoint) {
                    self.subscribed.remove(Pair(from: publisher.id, to: node.id))
                }
            case .send(let message, let link): self.send(node, message, link)
            case .publish(let probe): self.publish(node, probe.encoded())
            case .deliver(let delivery):
                node.undelivered.append(delivery)
                if node.isDelivering { self.deliverHeld(node) }
            case .takeSnapshot(let ticket):
                let (history, head) = (node.history, node.sequence)
                self.perform(node, node.mesh.answerSnapshot(ticket, history: history, head: head, at: self.now))
            case .request(_, let link, let id, let method, let body):
                self.send(node, .reply(id: id, isSuccess: true, body: ["method": .string(method), "body": body]), link)
            case .reply(_, let id, _, let body): node.replies[id] = body
            case .joined: node.joined = .success(())
            case .joinFailed(let error): node.joined = .failure(error)
            case .flushed(let id, let report): node.flushes[id] = report
            case .rosterChanged: break
            }
        }
    }

    private func send(_ node: SimulatedNode, _ message: ControlMessage, _ link: MeshLink) {
        let receiver: SimulatedNode?
        let arrival: MeshLink
        let connection: Link
        switch link {
        case .outbound(let number):
            connection = Link(owner: node.id, number: number)
            receiver = node.links[number].flatMap { self.node(at: $0) }
            arrival = .inbound(node.id, number)
        case .inbound(let id, let number):
            connection = Link(owner: id, number: number)
            receiver = self.nodes.first { $0.id == id && $0.isUp && $0.links[number] != nil }
            arrival = .outbound(number)
        }
        guard let receiver, !self.isCut(node, receiver), !self.severed.contains(connection),
            !self.losesControl(node, receiver, message)
        else { return }
        let frame = message.encoded()
        self.arrive(at: receiver) {
            do {
                let message = try ControlMessage(decoding: frame)
                self.perform(receiver, receiver.mesh.received(message, on: arrival, at: self.now))
            } catch {
                receiver.badFrames += 1
            }
        }
    }

    /// Connects, as soon as that is possible.
    private func connect(_ subscriber: SimulatedNode, to endpoint: String) {
        let subscription = Subscription(subscriber: subscriber.id, endpoint: endpoint)
        guard let publisher = self.node(at: endpoint), !self.connecting.contains(subscription) else { return }
        guard !self.isCut(subscriber, publisher) else {
            self.connecting.insert(subscription)
            return self.after(.seconds(1)) {
                self.connecting.remove(subscription)
                guard subscriber.isUp, subscriber.subscriptions.contains(endpoint) else { return }
                self.connect(subscriber, to: endpoint)
            }
        }
        self.arrive(at: publisher) {
            guard subscriber.subscriptions.contains(publisher.mesh.local.publish) else { return }
            self.subscribed.insert(Pair(from: publisher.id, to: subscriber.id))
            self.perform(publisher, publisher.mesh.subscriptionSeen(from: subscriber.id, at: self.now))
        }
    }

    private func publish(_ node: SimulatedNode, _ bytes: [UInt8]) {
        guard let frame = try? PublishedFrame(decoding: bytes[...]) else {
            node.badFrames += 1
            return
        }
        for receiver in self.nodes where self.subscribed.contains(Pair(from: node.id, to: receiver.id)) {
            if case .probe(let probe) = frame, probe.subscriber != receiver.id { continue }
            guard !self.isCut(node, receiver), !self.losesPublished(node, receiver, frame) else { continue }
            self.arrive(at: receiver) {
                self.perform(receiver, receiver.mesh.received(frame, at: self.now))
            }
        }
    }

    private func deliverHeld(_ node: SimulatedNode) {
        let deliveries = node.undelivered
        node.undelivered = []
        for delivery in deliveries {
            switch delivery {
            case .events(let batch, let after):
                node.log += batch.events(after: after).events
                self.confirm(node, batch.origin, batch.last)
            case .history(let records): node.seeded += records
            case .gap(let origin, let first, let last):
                node.gaps.append(SimulatedNode.Gap(origin: origin, first: first, last: last))
                self.confirm(node, origin, last)
            case .joined(let record): node.comings.append("+\(record.name)")
            case .left(let record, let reason): node.comings.append("-\(record.name)(\(reason))")
            }
        }
    }

    private func confirm(_ node: SimulatedNode, _ origin: NodeID, _ sequence: UInt64) {
        self.after(.zero) {
            guard node.isUp else { return }
            self.perform(node, node.mesh.delivered(origin, through: sequence, at: self.now))
        }
    }
}
