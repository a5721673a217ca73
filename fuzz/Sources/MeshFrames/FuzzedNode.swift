// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import WeftBus
import WeftProtocol
import WeftValue

/// A node and what it has said, which what is said to it may refer to.
struct FuzzedNode {
    enum Step: UInt8, CaseIterable {
        case tick, time, control, answer, frame, batch, probe, subscription, delivered, publish, flush, reading, join
        case call, rejoin, leave
    }

    private static let windowBytes = 4096
    private static let ids = (UInt8(0)..<6).compactMap { NodeID(bytes: [UInt8](repeating: $0, count: 16)) }
    /// The most that is done at once: what a tick says to each of the few members, about each call to flush that waits.
    private static let mostActions = 5_000

    private var mesh: Mesh
    private var now = MonotonicTime(nanoseconds: 1_000_000_000)
    private var head: UInt64 = 0
    private var lastLink: UInt32 = 0
    /// Numbers that the node has given its questions and probes, the newest last.
    private var numbers: [UInt64] = []
    private var tickets: [SnapshotTicket] = []

    init(_ source: inout ByteSource) {
        let flags = source.byte()
        var configuration = MeshConfiguration(
            local: Self.record(0), seeds: flags & 1 == 0 ? [] : ["tcp://127.0.0.1:9", "tcp://127.0.0.1:8001"],
            joinTimeout: flags & 2 == 0 ? nil : .seconds(10), randomSeed: 7)
        configuration.replayWindow = Self.windowBytes
        configuration.receivedWindows = Self.windowBytes
        configuration.aheadBytes = Self.windowBytes
        configuration.repairBytesPerTick = Self.windowBytes
        configuration.waitsForSlowest = flags & 4 != 0
        if flags & 8 != 0 { configuration.members = 3 }
        self.mesh = Mesh(configuration: configuration)
        self.perform(self.mesh.start(at: self.now))
    }

    // MARK: What happens

    mutating func step(_ source: inout ByteSource) {
        switch Step.allCases[source.below(Step.allCases.count)] {
        case .tick: for _ in 0...source.below(4) { self.tick(after: MeshDefaults.tickInterval) }
        case .time: self.tick(after: .milliseconds(100 * Int(source.byte())))
        case .control:
            let sender = source.below(Self.ids.count)
            let link = self.link(from: sender, &source)
            self.receive(self.message(from: sender, &source), on: link)
        case .answer:
            let link = UInt32(source.byte())
            self.receive(self.message(from: source.below(Self.ids.count), &source), on: .outbound(link))
        case .frame:
            let sender = source.below(Self.ids.count)
            let link = self.link(from: sender, &source)
            let block = source.block()
            if let message = try? ControlMessage(decoding: block) { self.receive(message, on: link) }
            if let frame = try? PublishedFrame(decoding: block[...]) {
                self.perform(self.mesh.received(frame, at: self.now))
            }
        case .batch:
            let origin = source.below(Self.ids.count)
            guard let batch = self.batch(of: Self.ids[origin], &source) else { return }
            self.perform(self.mesh.received(.batch(batch), at: self.now))
        case .probe:
            let probe = Probe(
                subscriber: Self.ids[source.below(2)], origin: Self.ids[source.below(Self.ids.count)],
                nonce: source.number(), head: source.number())
            self.receive(probe)
        case .subscription:
            self.perform(self.mesh.subscriptionSeen(from: Self.ids[source.below(Self.ids.count)], at: self.now))
        case .delivered:
            let origin = Self.ids[source.below(Self.ids.count)]
            self.perform(
                self.mesh.delivered(origin, through: min(source.number(), WireFormat.largestSequence), at: self.now))
        case .publish: self.publish(source.below(4) + 1)
        case .flush: self.perform(self.mesh.flush(id: source.number(), through: self.head, at: self.now))
        case .reading: self.mesh.setReading(source.bool())
        case .join: self.join(source.below(Self.ids.count), head: source.number())
        case .call: self.call(&source)
        case .rejoin:
            self.perform(self.mesh.reconnect(at: self.now))
            self.perform(self.mesh.broke(link: UInt32(source.byte()), at: self.now))
            let name = "n\(source.below(8))"
            self.perform(self.mesh.revoke(at: self.now) { $0.name == name })
        case .leave: if source.byte() == 0xFF { self.perform(self.mesh.leave(at: self.now)) }
        }
    }

    /// However it went: the node can tell how it is, and time goes on.
    mutating func end() {
        for seconds in [1, 1, 1, 5, 30, 700] { self.tick(after: .seconds(seconds)) }
        _ = self.mesh.members(at: self.now)
    }

    private mutating func tick(after pause: Duration) {
        self.now = self.now + pause
        self.perform(self.mesh.tick(at: self.now))
    }

    /// Only what can be read from a frame comes that far.
    private mutating func receive(_ message: ControlMessage, on link: MeshLink) {
        guard let message = try? ControlMessage(decoding: message.encoded()) else { return }
        self.perform(self.mesh.received(message, on: link, at: self.now))
    }

    private mutating func receive(_ probe: Probe) {
        guard let frame = try? PublishedFrame(decoding: probe.encoded()[...]) else { return }
        self.perform(self.mesh.received(frame, at: self.now))
    }

    /// A node says HELLO, answers the one it gets, and hears the events from a head on.
    private mutating func join(_ number: Int, head: UInt64) {
        let id = Self.ids[number]
        self.receive(.hello(Self.record(number)), on: .inbound(id, 1))
        for link in 1...max(1, self.lastLink) {
            guard case .member(let record)? = self.mesh.target(of: link), record.id == id else { continue }
            self.receive(.welcome(Self.record(number), roster: []), on: .outbound(link))
        }
        self.perform(self.mesh.subscriptionSeen(from: id, at: self.now))
        if let nonce = self.numbers.last { self.receive(.probeAck(nonce: nonce), on: .inbound(id, 1)) }
        self.receive(Probe(subscriber: Self.ids[0], origin: id, nonce: 1, head: head))
    }

    private mutating func publish(_ count: Int) {
        var builder = EventBatchBuilder(origin: Self.ids[0])
        for offset in 1...count {
            builder.append(name: "a", arguments: [0x90], time: 0, sequence: self.head + UInt64(offset))
        }
        let batch = builder.finishBatch()
        let (mayPublish, actions) = self.mesh.mayPublish(batch.byteCount, at: self.now)
        self.perform(actions)
        guard mayPublish else { return }
        self.head = batch.last
        self.mesh.published(batch)
    }

    private mutating func call(_ source: inout ByteSource) {
        let id = Self.ids[source.below(Self.ids.count)]
        switch source.below(3) {
        case 0:
            let actions = self.mesh.call(id, number: source.number(), method: "m", body: .null, at: self.now)
            if let actions { self.perform(actions) }
        case 1: self.perform(self.mesh.update(roles: [.worker], at: self.now))
        default: self.perform(self.mesh.rotated(to: "k", at: self.now))
        }
    }

    // MARK: What it does

    private mutating func perform(_ actions: [MeshAction]) {
        expect(actions.count <= Self.mostActions, "\(actions.count) actions at once")
        for action in actions {
            switch action {
            case .open(let link, _): self.lastLink = max(self.lastLink, link)
            case .send(let message, _):
                self.remember(message)
                // Most of what is sent, and all alike.
                if message.kind == .heartbeat { continue }
                let frame = message.encoded()
                expect(frame.count <= WireFormat.maximumControlFrame, "what is sent can be received")
                expect((try? ControlMessage(decoding: frame)) == message, "what is sent can be read: \(message.kind)")
            case .publish(let probe): self.remember(probe.nonce)
            case .deliver(.events(let batch, let sequence)):
                expect(batch.last > sequence, "what is delivered is new")
            case .deliver(.gap(_, let first, let last)): expect(first > 0 && first <= last, "a gap is one")
            case .takeSnapshot(let ticket): self.tickets.append(ticket)
            default: break
            }
        }
        let (own, received) = self.mesh.windowBytes
        expect(own <= Self.windowBytes && received <= Self.windowBytes, "windows are bounded")
        expect(self.mesh.aheadBytes <= Self.windowBytes, "what waits for what is missing is bounded")
        expect(self.mesh.heldBytes <= Self.windowBytes, "what waits for the history is bounded")
        while let ticket = self.tickets.popLast() {
            self.perform(self.mesh.answerSnapshot(ticket, history: [], head: self.head, at: self.now))
        }
    }

    private mutating func remember(_ message: ControlMessage) {
        switch message {
        case .snapshotRequest(let id, _), .fetch(let id, _, _, _), .ping(let id, _), .pingRequest(let id, _, _):
            self.remember(id)
        default: break
        }
    }

    private mutating func remember(_ number: UInt64) {
        self.numbers.append(number)
        if self.numbers.count > 16 { self.numbers.removeFirst() }
    }

    // MARK: What is said

    private func link(from sender: Int, _ source: inout ByteSource) -> MeshLink {
        .inbound(Self.ids[sender], UInt32(source.below(3)))
    }

    /// A number that the node expects to hear, or any.
    private func number(_ source: inout ByteSource) -> UInt64 {
        guard !self.numbers.isEmpty, source.bool() else { return source.number() }
        return self.numbers[self.numbers.count - 1 - source.below(self.numbers.count)]
    }

    private func message(from sender: Int, _ source: inout ByteSource) -> ControlMessage {
        let kinds = ControlMessage.Kind.allCases
        switch kinds[source.below(kinds.count)] {
        case .hello: return .hello(self.record(&source), to: source.bool() ? Self.ids[source.below(2)] : nil)
        case .welcome: return .welcome(self.record(&source), roster: self.roster(&source))
        case .reject:
            return .reject(
                [.version, .full, .left, .elsewhere, .unknown][source.below(5)], message: "no",
                versions: VersionRange(oldest: source.byte(), newest: source.byte()))
        case .probeAck: return .probeAck(nonce: self.number(&source))
        case .heartbeat:
            return .heartbeat(head: source.number(), cursors: self.cursors(&source), digest: source.number())
        case .roster: return .roster(self.roster(&source), wantsReply: source.bool())
        case .snapshotRequest: return .snapshotRequest(id: source.number(), floors: self.cursors(&source))
        case .snapshot:
            let events = (0..<source.below(4)).map { _ in
                EventRecord(
                    name: "a:b", origin: Self.ids[source.below(Self.ids.count)], sequence: source.number(),
                    time: Date(microsecondsSince1970: Int64(bitPattern: source.number())), arguments: [0x90])
            }
            return .snapshot(
                id: self.number(&source), isReady: source.bool(), events: events, cursors: self.cursors(&source))
        case .flush: return .flush(through: source.number())
        case .flushed:
            return .flushed(
                through: source.number(), missed: source.number(),
                by: source.bool() ? Self.ids[source.below(Self.ids.count)] : nil)
        case .goodbye: return .goodbye(head: source.number())
        case .request: return .request(id: source.number(), method: "m", body: .null)
        case .reply: return .reply(id: source.number(), isSuccess: source.bool(), body: .null)
        case .fetch:
            return .fetch(
                id: source.number(), origin: Self.ids[source.below(Self.ids.count)], first: source.number(),
                last: source.number())
        case .repair:
            let origin = Self.ids[source.below(Self.ids.count)]
            return .repair(
                id: self.number(&source), origin: origin, from: source.number(), isBusy: source.bool(),
                batches: (0..<source.below(4)).compactMap { _ in self.batch(of: origin, &source)?.frame })
        case .ping: return .ping(id: source.number(), refutation: source.number())
        case .pong:
            return .pong(
                id: self.number(&source), member: Self.ids[source.below(Self.ids.count)], refutation: source.number(),
                age: source.number())
        case .pingRequest:
            return .pingRequest(
                id: source.number(), member: Self.ids[source.below(Self.ids.count)], refutation: source.number())
        case .began:
            return .began(origin: Self.ids[source.below(Self.ids.count)], after: source.number())
        }
    }

    private func cursors(_ source: inout ByteSource) -> [NodeID: UInt64] {
        var cursors: [NodeID: UInt64] = [:]
        for _ in 0..<source.below(5) { cursors[Self.ids[source.below(Self.ids.count)]] = source.number() }
        return cursors
    }

    private func roster(_ source: inout ByteSource) -> [RosterEntry] {
        (0..<source.below(5)).map { _ in RosterEntry(record: self.record(&source), silence: source.number()) }
    }

    private func record(_ source: inout ByteSource) -> MemberRecord {
        let number = source.below(Self.ids.count)
        var record = Self.record(number)
        let flags = source.byte()
        if flags & 1 != 0 { record.revision = source.number() }
        if flags & 2 != 0 { record.refutation = source.number() }
        if flags & 4 != 0 { record.control = Self.record(source.below(8)).control }
        if flags & 8 != 0 { record.publish = Self.record(source.below(8)).publish }
        if flags & 16 != 0 { record.versions = VersionRange(oldest: source.byte(), newest: source.byte()) }
        return record
    }

    private static func record(_ number: Int) -> MemberRecord {
        MemberRecord(
            id: Self.ids[min(number, Self.ids.count - 1)], name: "n\(number)", roles: [.peer],
            control: "tcp://127.0.0.1:\(8000 + number)", publish: "tcp://127.0.0.1:\(9000 + number)", revision: 1)
    }

    /// A batch of a few events, some of them large.
    private func batch(of origin: NodeID, _ source: inout ByteSource) -> EventBatch? {
        let first = source.number()
        let flags = source.byte()
        var builder = EventBatchBuilder(origin: origin)
        for offset in 0...UInt64(flags & 7) {
            let (sequence, overflow) = first.addingReportingOverflow(offset)
            guard !overflow else { break }
            let arguments: [UInt8] =
                flags & 0x80 == 0 ? [0x90] : [0x91, 0xC5, 3, 0] + [UInt8](repeating: 0, count: 768)
            builder.append(name: "a:b", arguments: arguments, time: 0, sequence: sequence)
        }
        // As it would come over the wire, where more is checked than when it is written.
        return try? EventBatch(decoding: builder.finish()[...])
    }
}
