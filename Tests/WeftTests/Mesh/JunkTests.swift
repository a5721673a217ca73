// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit
import ZeroMQ

@Suite(.timeLimit(.minutes(2)))
struct JunkTests {
    private func record(
        _ id: NodeID, control: String = "tcp://127.0.0.1:9", publish: String = "tcp://127.0.0.1:10",
        versions: VersionRange = .current
    ) -> MemberRecord {
        MemberRecord(id: id, name: "stranger", control: control, publish: publish, versions: versions)
    }

    @Test func junkAtTheControlSocketIsCountedAndHarmless() async throws {
        try await TestMesh.with(2) { nodes in
            let id = NodeID.random()
            let stranger = try Stranger.dealer(to: nodes[0], as: id)
            let hello = ControlMessage.hello(self.record(id)).encoded()
            let junk: [[UInt8]] = [
                [], [0], Array("GET / HTTP/1.1".utf8), [0x57, 0x46], [0x57, 0x46, 9, 5, 0x80],
                [0x57, 0x46, 1, 99, 0x80],
                [0x57, 0x46, 1, 1, 0x80], [0x57, 0x46, 1, 1, 0xC1], Array(hello.dropLast(3)), hello + [0],
            ]
            for frame in junk { stranger.send(frame) }
            stranger.send(Message(frames: [[1], [2], [3]]))
            // A word that is answered, so that all before it has been dealt with.
            let strange = self.record(id, versions: VersionRange(oldest: 200, newest: 201))
            stranger.send(ControlMessage.hello(strange).encoded())
            let answer = try ControlMessage(decoding: try await stranger.received.first { _ in true }.first)
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
            await stranger.close()
        }
    }

    @Test func junkOnTheEventStreamIsCountedAndHarmless() async throws {
        try await TestMesh.with(2) { nodes in
            let publisher = try Stranger.bound(.xpub)
            let router = try Stranger.bound(.router)
            let id = NodeID.random()
            let link = try Stranger.dealer(to: nodes[0], as: id)
            let record = self.record(id, control: router.address, publish: publisher.address)
            link.send(ControlMessage.hello(record).encoded())
            // The node subscribes to everything, then to its own probes.
            let subscriptions = try await publisher.received.prefix(2)
            #expect(subscriptions.map(\.first) == [[1, WireFormat.batchTopic], [1] + Probe.topic(for: nodes[0].id)])
            let gaps = Collector<[UInt64]>("gaps")
            nodes[0].bus.on(.gap) { (_: String, first: UInt64, last: UInt64) in gaps.append([first, last]) }
            let good = Collector<UInt64>("good events")
            nodes[0].bus.on(matching: "good") { (event: EventRecord) in good.append(event.sequence ?? 0) }
            let probe = Probe(subscriber: nodes[0].id, origin: id, nonce: 1, head: 0).encoded()
            var batch = EventBatchBuilder(origin: id)
            batch.append(name: "good", arguments: [0x90], time: 0, sequence: 1)
            batch.append(name: "weft:peer-left", arguments: [0x90], time: 0, sequence: 2)
            let forged = batch.finish()
            batch.append(name: "good", arguments: [0x90], time: 0, sequence: 5)
            let later = batch.finish()
            let frames: [[UInt8]] = [
                [0x65], [0x65, 1, 2], Array(later.prefix(30)), probe, Array(probe.dropLast(1)), forged, later,
            ]
            for frame in frames { publisher.send(frame) }
            #expect(try await self.holdNothing(router, of: id) == 3...4)
            try await good.wait { $0.count == 2 }
            try await gaps.wait { $0.count == 2 }
            #expect(good.elements == [1, 5])
            #expect(gaps.elements == [[2, 2], [3, 4]])
            let counters = await nodes[0].status().counters
            #expect(counters.badFrames.values.reduce(0, +) == 5)
            #expect(counters.mesh.gaps == 1)
            await nodes[1].bus.emit("still", 1)
            #expect(await nodes[1].flush().entries.first { $0.id == nodes[0].id }?.outcome == .confirmed)
            for stranger in [publisher, router, link] { await stranger.close() }
        }
    }

    @Test func aHoleThatItsOriginCannotFillIsAnnouncedOnce() async throws {
        try await TestMesh.with(1) { nodes in
            let publisher = try Stranger.bound(.xpub)
            let router = try Stranger.bound(.router)
            let id = NodeID.random()
            let link = try Stranger.dealer(to: nodes[0], as: id)
            link.send(
                ControlMessage.hello(self.record(id, control: router.address, publish: publisher.address)).encoded())
            _ = try await publisher.received.prefix(2)
            let gaps = Collector<[UInt64]>("gaps")
            nodes[0].bus.on(.gap) { (origin: String, first: UInt64, last: UInt64) in
                if origin == id.description { gaps.append([first, last]) }
            }
            let heard = Collector<UInt64>("events")
            nodes[0].bus.on(matching: "tick") { (event: EventRecord) in heard.append(event.sequence ?? 0) }
            publisher.send(Probe(subscriber: nodes[0].id, origin: id, nonce: 1, head: 10).encoded())
            var batch = EventBatchBuilder(origin: id)
            for sequence: UInt64 in [11, 12, 20, 20, 19, 21] {
                batch.append(name: "tick", arguments: [0x90], time: 0, sequence: sequence)
                publisher.send(batch.finish())
            }
            #expect(try await self.holdNothing(router, of: id) == 13...19)
            try await heard.wait { $0.last == 21 }
            // What came late, but came, is no part of the gap.
            #expect(heard.elements == [11, 12, 19, 20, 21])
            #expect(gaps.elements == [[13, 18]])
            let counters = await nodes[0].status().counters.mesh
            #expect(counters.gaps == 1 && counters.missed == 6 && counters.duplicates == 1)
            for stranger in [publisher, router, link] { await stranger.close() }
        }
    }

    /// Answers the first fetch that comes: the stranger holds nothing of its stream.
    ///
    /// - Returns: what was asked for.
    private func holdNothing(_ router: Stranger, of id: NodeID) async throws -> ClosedRange<UInt64>? {
        let question = try await router.received.first { message in
            guard message.count == 2, let payload = message[1],
                case .fetch = try? ControlMessage(decoding: payload)
            else { return false }
            return true
        }
        guard let payload = question[1],
            case .fetch(let number, id, let first, let last)? = try? ControlMessage(decoding: payload)
        else { return nil }
        let answer = ControlMessage.repair(id: number, origin: id, from: 0, isBusy: false, batches: [])
        router.send(Message(frames: [question.first, answer.encoded()]))
        return first...last
    }

    @Test func aNodeOfAnotherVersionIsRefusedAndSaysWhy() async throws {
        let router = try Stranger.bound(.router)
        let node = Node(
            configuration: TestMesh.configuration("newer", seeds: [router.address], joinTimeout: .seconds(60)))
        async let start: Void = node.start()
        let hello = try await router.received.first { _ in true }
        let refusal = ControlMessage.reject(
            .version, message: "this mesh speaks wire version 7", versions: VersionRange(oldest: 7, newest: 7))
        router.send(Message(frames: [hello.first, refusal.encoded()]))
        do {
            try await start
            Issue.record("a refused node has joined")
        } catch let error as NodeError {
            #expect(error.mesh?.code == .rejected)
            #expect(error.message.contains("this mesh speaks wire version 7"))
        }
        await router.close()
    }
}
