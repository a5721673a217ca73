// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus
import WeftProtocol
import WeftValue

extension ClusterSimulation {
    // MARK: - Life

    /// A process begins at a seat.
    mutating func begin(_ seat: Int, samePort: Bool) throws {
        guard self.seats[seat] == nil else { return }
        let isFirst = self.peers.isEmpty
        let former = self.peers.last { $0.seat == seat }?.address
        var address = self.bound.count
        // The first seat keeps its address: somebody must be found where he was, or who was cut off while everybody else moved is lost.
        if samePort || seat == 0, let former, self.bound[former] == nil {
            address = former
        } else {
            self.bound.append(nil)
        }
        let id = NodeID.random(using: &self.random)
        let number = self.peers.count
        let part = try self.beginDispatch(seat)
        let record = MemberRecord(
            id: id, name: "n\(seat)", roles: part.roles, control: Self.control(address),
            publish: Self.publish(address), extras: part.extras)
        var configuration = MeshConfiguration(
            local: record, seeds: isFirst ? [] : self.seeds(without: seat), randomSeed: self.random.next())
        configuration.replayWindow = self.script.replayWindow
        configuration.receivedWindows = self.script.receivedWindows
        configuration.aheadBytes = self.script.aheadBytes
        configuration.repairBytesPerTick = self.script.repairBytesPerTick
        configuration.waitsForSlowest = self.waits(seat)
        self.mutate(&configuration)
        self.peers.append(
            SimulatedPeer(
                id: id, seat: seat, address: address, startedAt: self.time, mesh: Mesh(configuration: configuration),
                drift: self.script.hasSkew ? Int64(self.random.next() % 4001) - 2000 : 0,
                offset: 1_000_000_000 + self.random.next() % 1_000_000_000_000))
        if self.settings.busEvery > 0, self.script.seed.isMultiple(of: self.settings.busEvery) {
            self.peers[number].bus = SimulatedBus(origin: id)
        }
        self.indices[id] = number
        self.seats[seat] = number
        self.bound[address] = number
        if self.tasks != nil {
            if seat == Self.coordinatorSeat {
                self.peers[number].epoch = self.tasks?.ledger.epoch.counter
            } else {
                self.peers[number].worker = self.tasks?.beginWorker()
            }
        }
        self.trouble(seat, until: self.time + 10_000_000)
        self.note("\(self.name(number)) begins at \(record.control)")
        try self.step(number) { mesh, now in mesh.start(at: now) }
        self.plan(.tick(number), after: 250_000)
    }

    static func control(_ address: Int) -> String { "tcp://c/\(address)" }
    static func publish(_ address: Int) -> String { "tcp://p/\(address)" }

    /// Where to find members: who is there now, and the address that stays.
    private mutating func seeds(without seat: Int) -> [String] {
        var seeds: [String] = []
        let start = Int(self.random.next() % UInt64(self.settings.nodes))
        for offset in 0..<self.settings.nodes where seeds.count < 2 {
            let other = (start + offset) % self.settings.nodes
            if other != seat, let peer = self.seats[other] { seeds.append(Self.control(self.peers[peer].address)) }
        }
        if seeds.isEmpty || seat != 0, !seeds.contains(Self.control(0)) { seeds.append(Self.control(0)) }
        return seeds
    }

    /// A process is gone, and its connections with it.
    mutating func exit(_ peer: Int) {
        guard self.peers[peer].isUp else { return }
        self.peers[peer].isUp = false
        self.endDispatch(of: peer)
        self.bound[self.peers[peer].address] = nil
        if self.seats[self.peers[peer].seat] == peer { self.seats[self.peers[peer].seat] = nil }
        for connection in self.connections.indices where !self.connections[connection].isClosed {
            if self.connections[connection].dialer == peer {
                self.close(connection)
            } else if self.connections[connection].acceptor == peer {
                // What it had handed to the network before may still arrive.
                self.breaks(connection)
            }
        }
    }

    /// A process is gone without a word, and another follows it.
    mutating func dies(_ peer: Int, restart: UInt64) {
        self.exit(peer)
        self.healedAt = max(self.healedAt, self.time + restart * 1000)
        self.plan(.begin(seat: self.peers[peer].seat, samePort: self.chance(1, in: 2)), after: restart * 1000)
    }

    mutating func tick(_ peer: Int) throws {
        guard self.peers[peer].isUp else { return }
        let pausedUntil = self.peers[peer].pausedUntil
        guard pausedUntil <= self.time else { return self.plan(.tick(peer), at: pausedUntil) }
        self.peers[peer].repairBytes = 0
        try self.step(peer) { mesh, now in mesh.tick(at: now) }
        guard !self.peers[peer].isRetired else { return }
        let late = self.random.next()
        self.plan(.tick(peer), after: 250_000 + (late % 64 == 0 ? late / 64 % 150_000 : late / 64 % 5000))
    }

    // MARK: - Steps

    /// Tells a node's mesh what happened, and does what follows.
    mutating func step(_ peer: Int, _ body: (inout Mesh, MonotonicTime) -> [MeshAction]) throws {
        let now = self.now(peer)
        let actions = body(&self.peers[peer].mesh, now)
        if !actions.isEmpty { try self.perform(actions, at: peer) }
    }

    mutating func receive(
        _ message: ControlMessage, over connection: Int, isBack: Bool, at receiver: Int
    ) throws {
        guard case .control(let number) = self.connections[connection].purpose else { return }
        let dialer = self.connections[connection].dialer
        let link: MeshLink = isBack ? .outbound(number) : .inbound(self.peers[dialer].id, number)
        var message = message
        if self.settings.mutant != nil {
            self.mutate(received: &message, over: connection, isBack: isBack, at: receiver)
        }
        if self.trace != nil { self.trace(message, from: connection, isBack: isBack, at: receiver) }
        if case .snapshot(_, true, _, _) = message {
            self.peers[receiver].teller = isBack ? self.connections[connection].acceptor : dialer
        }
        if case .began(let id, let after) = message, let origin = self.indices[id],
            self.peers[receiver].mesh.position(in: id) == nil
        {
            self.peers[receiver].told[origin, default: []].insert(after)
        }
        let now = self.now(receiver)
        let actions = self.peers[receiver].mesh.received(message, on: link, at: now)
        if actions.isEmpty { return }
        try self.note(message, brought: actions, to: receiver)
        try self.perform(actions, at: receiver)
    }

    mutating func receive(_ frame: PublishedFrame, at receiver: Int) throws {
        switch frame {
        case .probe(let probe):
            guard let origin = self.indices[probe.origin] else { return }
            self.note("\(self.name(receiver)) ← \(self.name(origin)): probe at head \(probe.head)")
        case .batch(let batch):
            guard self.peers[receiver].queue.count < self.script.deliveryQueue || !self.peers[receiver].hasJoined else {
                throw SimulationViolation(
                    "\(self.name(receiver)) reads on while \(self.peers[receiver].queue.count) deliveries wait for its bus"
                )
            }
            self.note("\(self.name(receiver)) ← \(self.name(batch.origin)): events \(batch.first)…\(batch.last)")
            if self.settings.mutant == .deduplicationOff { try self.deliverAgain(batch, at: receiver) }
        }
        if case .probe(let probe) = frame, self.peers[receiver].mesh.position(in: probe.origin) == nil {
            // What the stream begins after, if the node knows who speaks.
            if let origin = self.indices[probe.origin] { self.peers[receiver].firstProbes[origin] = probe.head }
        }
        try self.step(receiver) { mesh, now in mesh.received(frame, at: now) }
        if !self.peers[receiver].hasJoined { try self.checkWaiting(receiver) }
    }

    // MARK: - Actions

    mutating func perform(_ actions: [MeshAction], at peer: Int) throws {
        for action in actions {
            guard self.peers[peer].isUp else { return }
            switch action {
            case .open(let link, let endpoint):
                guard let address = Self.address(endpoint) else { continue }
                self.peers[peer].links[link] = self.dial(.control(link), to: address, by: peer)
            case .close(let link):
                if let connection = self.peers[peer].links.removeValue(forKey: link) { self.close(connection) }
            case .subscribe(let endpoint):
                guard let address = Self.address(endpoint), self.peers[peer].subscriptions[address] == nil else {
                    continue
                }
                self.peers[peer].subscriptions[address] = self.dial(.events, to: address, by: peer)
            case .unsubscribe(let endpoint):
                guard let address = Self.address(endpoint),
                    let connection = self.peers[peer].subscriptions.removeValue(forKey: address)
                else { continue }
                self.close(connection)
            case .send(let message, let link): try self.send(message, on: link, from: peer)
            case .publish(let probe):
                try self.publish(.probe(probe), from: peer)
                if self.settings.mutant == .joinWithoutProof {
                    try self.step(peer) { mesh, now in
                        mesh.received(.probeAck(nonce: probe.nonce), on: .inbound(probe.subscriber, 0), at: now)
                    }
                }
            case .deliver(let delivery): try self.enqueue(delivery, at: peer)
            case .takeSnapshot(let ticket):
                let (history, head) = (try self.history(of: peer), self.peers[peer].head)
                self.note("\(self.name(peer)) answers with its history")
                self.rememberSnapshot(ticket, history, of: peer)
                try self.step(peer) { mesh, now in mesh.answerSnapshot(ticket, history: history, head: head, at: now) }
            case .request, .reply: break
            case .joined:
                self.note("\(self.name(peer)) has joined")
                self.peers[peer].hasJoined = true
                self.peers[peer].joinedAt = self.time
                self.roomAgain(peer)
                try self.checkJoined(peer)
            case .joinFailed(let error):
                self.note("\(self.name(peer)) could not join: \(error.message)")
                let seat = self.peers[peer].seat
                self.exit(peer)
                self.plan(.begin(seat: seat, samePort: true), after: self.delay(200...1500))
            case .flushed(let id, let report): try self.checkFlush(id, report, of: peer)
            case .rosterChanged: try self.rosterChanged(at: peer)
            }
        }
    }

    static func address(_ endpoint: String) -> Int? {
        var number = 0
        for byte in endpoint.utf8.dropFirst(8) {
            guard byte >= 48, byte < 58 else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        return number
    }

    private mutating func send(_ message: ControlMessage, on link: MeshLink, from peer: Int) throws {
        var message = message
        if self.settings.mutant != nil, !self.mutate(sent: &message, on: link, by: peer) { return }
        try self.checkSent(message, by: peer)
        try self.code {
            let bytes = message.encoded()
            let read = try ControlMessage(decoding: bytes)
            // Times of events are rounded to microseconds.
            if case .snapshot = message { return read.encoded() == bytes }
            return read == message
        }
        switch link {
        case .outbound(let number):
            guard let connection = self.peers[peer].links[number] else { return }
            self.send(.control(message), over: connection, isBack: false)
        case .inbound(let id, let number):
            guard let dialer = self.indices[id],
                let connection = self.peers[peer].inbound[.init(dialer: dialer, number: number)]
            else { return }
            self.send(.control(message), over: connection, isBack: true)
        }
    }

    mutating func publish(_ frame: PublishedFrame, from peer: Int) throws {
        try self.code {
            let bytes =
                switch frame {
                case .batch(let batch): Array(batch.frame)
                case .probe(let probe): probe.encoded()
                }
            return try PublishedFrame(decoding: bytes[...]) == frame
        }
        for connection in self.peers[peer].subscribers {
            if case .probe(let probe) = frame, self.indices[probe.subscriber] != self.connections[connection].dialer {
                continue
            }
            self.send(.frame(frame), over: connection, isBack: true)
        }
    }

    // MARK: - What a node does

    /// Events are emitted, and leave in batches.
    mutating func emit(_ count: Int, _ bytes: Int, at peer: Int) throws {
        guard !self.peers[peer].isRetired, self.peers[peer].pausedUntil <= self.time else { return }
        var builder = EventBatchBuilder(origin: self.peers[peer].id)
        let arguments = Self.arguments(bytes)
        for number in 0..<count {
            self.peers[peer].head += 1
            let (name, written) = try self.pass(bytes, through: peer) ?? ("order:created", arguments)
            builder.append(
                name: name, arguments: written, time: Int64(clamping: self.time), sequence: self.peers[peer].head)
            guard number % 8 == 7 || number == count - 1 else { continue }
            let batch = builder.finishBatch()
            self.note("\(self.name(peer)) emits \(batch.first)…\(batch.last)")
            self.report.emitted += batch.count
            self.remember(batch, after: batch.first - 1, at: peer)
            self.peers[peer].outbox.append(batch)
        }
        try self.drain(peer)
    }

    /// What waits in a node's outbox goes out, as far as the slowest peer lets it.
    ///
    /// - Parameter isLast: Whether there is no more time to wait.
    mutating func drain(_ peer: Int, isLast: Bool = false) throws {
        guard self.peers[peer].isUp else { return }
        while let batch = self.peers[peer].outbox.first {
            if self.waits(self.peers[peer].seat), !isLast {
                var isFree = true
                try self.step(peer) { mesh, now in
                    let (answer, actions) = mesh.mayPublish(batch.byteCount, at: now)
                    isFree = answer
                    return actions
                }
                guard isFree || self.settings.mutant == .slowestNotWaitedFor else {
                    self.report.heldForSlowest += 1
                    guard !self.peers[peer].isDrainScheduled else { return }
                    self.peers[peer].isDrainScheduled = true
                    return self.plan(.drain(peer), at: max(self.time + 20_000, self.peers[peer].pausedUntil))
                }
            }
            self.peers[peer].outbox.removeFirst()
            try self.publish(.batch(batch), from: peer)
            let before = self.peers[peer].mesh.firstHeld
            self.peers[peer].mesh.published(batch)
            if !isLast, before != nil, before != self.peers[peer].mesh.firstHeld { try self.checkWindow(of: peer) }
        }
    }

    /// Whether the nodes at a seat wait for their slowest peer.
    func waits(_ seat: Int) -> Bool { self.script.waiting & 1 << seat != 0 }

    /// Lets now and then a message go through the wire codec.
    private mutating func code(_ isSame: () throws -> Bool) throws {
        self.messages += 1
        guard self.settings.codecEvery > 0, self.messages.isMultiple(of: self.settings.codecEvery) else { return }
        self.report.coded += 1
        var problem = "what is read is not what was written"
        do {
            if try isSame() { return }
        } catch {
            problem = "what was just written cannot be read: \(error)"
        }
        throw SimulationViolation(problem)
    }

    /// Emits an event on a node's real bus, if it has one.
    private mutating func pass(_ bytes: Int, through peer: Int) throws -> (String, [UInt8])? {
        guard let bus = self.peers[peer].bus else { return nil }
        let events = try bus.emit(bytes)
        guard events.count == 1, events[0].name == "order:created" else {
            throw SimulationViolation("\(self.name(peer)) emitted one event, and mirrored \(events.map(\.name))")
        }
        return (events[0].name, events[0].arguments)
    }

    private static func arguments(_ bytes: Int) -> [UInt8] {
        // One binary argument.
        [0x91, 0xC5, UInt8(truncatingIfNeeded: bytes >> 8), UInt8(truncatingIfNeeded: bytes)]
            + Array(repeating: 7, count: bytes)
    }

    mutating func flush(_ peer: Int) throws {
        guard !self.peers[peer].isRetired, self.peers[peer].pausedUntil <= self.time, self.peers[peer].hasJoined else {
            return
        }
        self.nextFlush += 1
        let (id, sequence) = (self.nextFlush, self.peers[peer].head)
        self.peers[peer].flushes[id] = .init(sequence: sequence, began: self.now(peer))
        self.note("\(self.name(peer)) flushes up to \(sequence)")
        try self.step(peer) { mesh, now in mesh.flush(id: id, through: sequence, at: now) }
    }

    // MARK: - The bus

    private mutating func enqueue(_ delivery: MeshDelivery, at peer: Int) throws {
        if self.settings.mutant == .gapNotAnnounced, case .gap = delivery { return }
        try self.check(delivery, at: peer)
        if self.settings.mutant == .gapAnnouncedTwice, case .gap = delivery { try self.check(delivery, at: peer) }
        self.peers[peer].queue.append(delivery)
        if self.peers[peer].queue.count >= self.script.deliveryQueue, self.settings.mutant != .readingNeverPaused,
            self.peers[peer].isReading
        {
            self.note("\(self.name(peer)) stops reading")
            self.report.readingPaused += 1
            self.peers[peer].isReading = false
            self.peers[peer].mesh.setReading(false)
        }
        guard !self.peers[peer].isBusScheduled else { return }
        self.peers[peer].isBusScheduled = true
        self.plan(.bus(peer), after: self.random.next() % 2000)
    }

    mutating func runBus(_ peer: Int) throws {
        guard self.peers[peer].isUp else { return }
        let ready = max(self.peers[peer].pausedUntil, self.peers[peer].stalledUntil)
        guard ready <= self.time else { return self.plan(.bus(peer), at: ready) }
        self.peers[peer].isBusScheduled = false
        let queue = self.peers[peer].queue
        self.peers[peer].queue = []
        var progress: [(origin: Int, sequence: UInt64)] = []
        for delivery in queue {
            switch delivery {
            case .events(let batch, let after):
                guard let origin = self.indices[batch.origin] else { continue }
                self.remember(batch, after: after, at: peer)
                if let bus = self.peers[peer].bus {
                    let (events, error) = batch.events(after: after)
                    if let error { throw SimulationViolation("a batch that was just written cannot be read: \(error)") }
                    if self.settings.mutant == .mirroredAgain { bus.repeat(events) }
                    try bus.deliver(events)
                    self.report.handedToBuses += events.count
                }
                progress.append((origin, batch.last))
            case .gap(let id, _, let last):
                if let origin = self.indices[id] { progress.append((origin, last)) }
            case .history(let records):
                self.peers[peer].history = records
                try self.peers[peer].bus?.seed(records)
            case .joined, .left: break
            }
        }
        for item in progress { self.peers[peer].views[item.origin]?.handed = item.sequence }
        for (index, item) in progress.enumerated() {
            if progress.dropFirst(index + 1).contains(where: { $0.origin == item.origin }) { continue }
            let id = self.peers[item.origin].id
            try self.step(peer) { mesh, now in mesh.delivered(id, through: item.sequence, at: now) }
        }
        self.roomAgain(peer)
    }

    mutating func roomAgain(_ peer: Int) {
        guard self.peers[peer].isUp, !self.peers[peer].isReading,
            self.peers[peer].queue.count < self.script.deliveryQueue
        else { return }
        self.peers[peer].isReading = true
        self.peers[peer].mesh.setReading(true)
        for connection in self.peers[peer].subscriptions.values.sorted() { self.schedule(connection, isBack: true) }
    }

    private mutating func remember(_ batch: EventBatch, after: UInt64, at peer: Int) {
        self.peers[peer].recent.append((batch, after))
        self.peers[peer].recentCount += batch.count
        while let first = self.peers[peer].recent.first, self.peers[peer].recentCount - first.batch.count >= 100 {
            self.peers[peer].recent.removeFirst()
            self.peers[peer].recentCount -= first.batch.count
        }
    }

    /// The newest hundred events, as a bus keeps them.
    private func history(of peer: Int) throws -> [EventRecord] {
        var records = self.peers[peer].history
        for (batch, after) in self.peers[peer].recent { records += batch.events(after: after).events }
        records = records.suffix(100)
        guard let bus = self.peers[peer].bus else { return records }
        // The real one has the same, in the same order, but for what local events have taken the place of.
        let history = bus.history
        let newest = records.suffix(history.count)
        guard history.count * 10 >= records.count * 6,
            history.elementsEqual(newest, by: { $0.origin == $1.origin && $0.sequence == $1.sequence })
        else {
            throw SimulationViolation(
                "the history of \(self.name(peer)) is \(history.map { "\(self.name($0.origin)): \($0.sequence ?? 0)" }), and should be \(records.map { "\(self.name($0.origin)): \($0.sequence ?? 0)" })"
            )
        }
        return history
    }
}
