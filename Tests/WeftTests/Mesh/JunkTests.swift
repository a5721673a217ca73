// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit
import ZeroMQ

@testable import Weft

@Suite(.timeLimit(.minutes(2)))
struct JunkTests {
    /// A stranger's socket towards a node's control address.
    private func dealer(
        _ node: Node, in context: Context, as id: NodeID = .random()
    ) throws -> Socket {
        var options = Socket.Options()
        options.routingID = RoutingID(node: id, link: 1).bytes
        options.linger = .seconds(1)
        let dealer = try Socket(.dealer, in: context, options: options)
        try dealer.connect(try #require(node.controlAddress))
        return dealer
    }

    private func record(_ id: NodeID, versions: VersionRange = .current) -> MemberRecord {
        MemberRecord(
            id: id, name: "stranger", control: "tcp://127.0.0.1:9", publish: "tcp://127.0.0.1:10", versions: versions)
    }

    @Test func junkAtTheControlSocketIsCountedAndHarmless() async throws {
        try await TestMesh.with(2) { nodes in
            let context = try Context()
            let id = NodeID.random()
            let dealer = try self.dealer(nodes[0], in: context, as: id)
            let hello = ControlMessage.hello(self.record(id)).encoded()
            let junk: [[UInt8]] = [
                [], [0], Array("GET / HTTP/1.1".utf8), [0x57, 0x46], [0x57, 0x46, 9, 5, 0x80],
                [0x57, 0x46, 1, 99, 0x80],
                [0x57, 0x46, 1, 1, 0x80], [0x57, 0x46, 1, 1, 0xC1], Array(hello.dropLast(3)), hello + [0],
            ]
            for frame in junk { try dealer.send(frame) }
            try dealer.send(Message(frames: [[1], [2], [3]]))
            // A word that is answered, so that all before it has been dealt with.
            try dealer.send(ControlMessage.hello(self.record(id, versions: .init(oldest: 200, newest: 201))).encoded())
            let answer = try ControlMessage(decoding: try dealer.receive(within: .seconds(10)).first)
            guard case .reject(let reason, let message, _) = answer else {
                Issue.record("\(answer)")
                return
            }
            #expect(reason == .version)
            #expect(message.contains("200 to 201"))
            let counters = await nodes[0].status().counters
            #expect(counters.badFrames.values.reduce(0, +) == UInt64(junk.count + 1))
            #expect(counters.badFrames["version"] == 1)
            #expect(counters.badFrames["unknownKind"] == 1)
            await nodes[1].bus.emit("still", 1)
            #expect(await nodes[1].flush().isComplete)
        }
    }

    @Test func junkOnTheEventStreamIsCountedAndHarmless() async throws {
        try await TestMesh.with(2) { nodes in
            let context = try Context()
            let publisher = try Socket(.xpub, in: context)
            let bound = try publisher.bind("tcp://127.0.0.1:*")
            let router = try Socket(.router, in: context)
            let control = try router.bind("tcp://127.0.0.1:*")
            let id = NodeID.random()
            let dealer = try self.dealer(nodes[0], in: context, as: id)
            let record = MemberRecord(
                id: id, name: "vandal", control: control.description, publish: bound.description)
            try dealer.send(ControlMessage.hello(record).encoded())
            // The node subscribes to everything, then to its own probes.
            let subscription = try publisher.receive(within: .seconds(10)).first
            #expect(subscription == [1, WireFormat.batchTopic])
            let ownSubscription = try publisher.receive(within: .seconds(10)).first
            #expect(ownSubscription == [1] + Probe.topic(for: nodes[0].id))
            let probe = Probe(subscriber: nodes[0].id, origin: id, nonce: 1, head: 0).encoded()
            let gaps = Collector<[UInt64]>("gaps")
            nodes[0].bus.on(.gap) { (_: String, first: UInt64, last: UInt64) in gaps.append([first, last]) }
            var batch = EventBatchBuilder(origin: id)
            batch.append(name: "good", arguments: [0x90], time: 0, sequence: 1)
            batch.append(name: "weft:peer-left", arguments: [0x90], time: 0, sequence: 2)
            let forged = batch.finish()
            batch.append(name: "good", arguments: [0x90], time: 0, sequence: 5)
            let later = batch.finish()
            let good = Collector<UInt64>("good events")
            nodes[0].bus.on(matching: "good") { (event: EventRecord) in good.append(event.sequence ?? 0) }
            let frames: [[UInt8]] = [
                [0x65], [0x65, 1, 2], Array(later.prefix(30)), probe, Array(probe.dropLast(1)), forged, later,
            ]
            for frame in frames { try publisher.send(frame) }
            try await good.wait { $0.count == 2 }
            try await gaps.wait { $0.count == 2 }
            #expect(good.elements == [1, 5])
            #expect(gaps.elements == [[2, 2], [3, 4]])
            let counters = await nodes[0].status().counters
            #expect(counters.badFrames.values.reduce(0, +) == 5)
            #expect(counters.mesh.gaps == 1)
            await nodes[1].bus.emit("still", 1)
            #expect(await nodes[1].flush().entries.first { $0.id == nodes[0].id }?.outcome == .confirmed)
        }
    }

    @Test func aNodeOfAnotherVersionIsRefusedAndSaysWhy() async throws {
        let context = try Context()
        let router = try Socket(.router, in: context)
        let address = try router.bind("tcp://127.0.0.1:*")
        let node = Node(configuration: TestMesh.configuration("newer", seeds: [address.description]))
        async let start: Void = node.start()
        let hello = try router.receive(within: .seconds(10))
        let refusal = ControlMessage.reject(
            .version, message: "this mesh speaks wire version 7", versions: VersionRange(oldest: 7, newest: 7))
        try router.send(Message(frames: [hello.first, refusal.encoded()]))
        do {
            try await start
            Issue.record("a refused node has joined")
        } catch let error as NodeError {
            #expect(error.mesh?.code == .rejected)
            #expect(error.message.contains("this mesh speaks wire version 7"))
        }
    }
}
