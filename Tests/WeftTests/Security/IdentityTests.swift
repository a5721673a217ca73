// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftBus
import WeftProtocol
import WeftTestKit
import ZeroMQ

/// A trusted key, and a program that claims with it what the key does not prove.
@Suite(.timeLimit(.minutes(1)))
struct IdentityTests {
    @Test func aTrustedKeyThatClaimsAnotherNameIsRefusedAndCounted() async throws {
        try await SecureMesh.with { mesh in
            let bossKey = try mesh.makeKey("boss", roles: [.coordinator])
            let mallory = try mesh.makeKey("mallory")
            let boss = try mesh.node("boss")
            try await boss.start()
            try await TestMesh.stopping([boss]) {
                let id = NodeID.random()
                let dealer = try Stranger.dealer(to: boss, as: id, key: mallory, serverKey: bossKey)
                func record(_ name: String, _ roles: Set<NodeRole>) -> MemberRecord {
                    MemberRecord(
                        id: id, name: name, roles: roles, control: "tcp://127.0.0.1:9", publish: "tcp://127.0.0.1:10")
                }
                dealer.send(ControlMessage.hello(record("boss", [.peer])).encoded())
                dealer.send(ControlMessage.hello(record("mallory", [.peer, .coordinator])).encoded())
                // One who has not said HELLO as itself is nobody.
                dealer.send(ControlMessage.goodbye(head: 0).encoded())
                let answers = try await dealer.received.prefix(2).map { try ControlMessage(decoding: $0.first) }
                for answer in answers {
                    guard case .reject(.identity, _, _) = answer else {
                        Issue.record("answered \(answer)")
                        continue
                    }
                }
                #expect(await boss.members().count == 1)
                #expect(await boss.status().counters.security?.impostors == 2)
                dealer.send(ControlMessage.hello(record("mallory", [.peer])).encoded())
                guard case .welcome = try ControlMessage(decoding: try await dealer.received.prefix(3)[2].first) else {
                    Issue.record("not welcomed as itself")
                    return
                }
                await dealer.close()
            }
        }
    }

    @Test func anIdBelongsToTheKeyThatUsedItFirst() async throws {
        try await SecureMesh.with { mesh in
            let bossKey = try mesh.makeKey("boss")
            try mesh.makeKey("alice")
            let mallory = try mesh.makeKey("mallory")
            let boss = try mesh.node("boss")
            try await boss.start()
            let alice = try mesh.node("alice", joining: [boss])
            try await alice.start()
            try await TestMesh.stopping([alice, boss]) {
                let heard = Collector<Int>("an event of alice")
                boss.bus.on("tick") { (number: Int) in heard.append(number) }
                await alice.bus.emit("tick", 1)
                _ = try await heard.prefix(1)
                // In alice's id, under her name and under its own; a goodbye in her name; a move of hers to its address.
                let link = try Stranger.dealer(to: boss, as: alice.id, key: mallory, serverKey: bossKey)
                var records = [
                    MemberRecord(
                        id: alice.id, name: "mallory", control: "tcp://127.0.0.1:9", publish: "tcp://127.0.0.1:10")
                ]
                var moved = try #require(await boss.members().first { $0.record.id == alice.id }).record
                moved.revision += 100
                moved.publish = "tcp://127.0.0.1:10"
                records.append(moved)
                for record in records { link.send(ControlMessage.hello(record).encoded()) }
                link.send(ControlMessage.goodbye(head: 1_000_000).encoded())
                let roster = [RosterEntry(record: moved, silence: .zero)]
                link.send(ControlMessage.roster(roster, wantsReply: false).encoded())
                link.send(ControlMessage.heartbeat(head: 1_000_000, cursors: [:], digest: 0).encoded())
                try await mesh.until { await boss.status().counters.security?.impostors ?? 0 >= 5 }
                let seen = try #require(await boss.members().first { $0.record.id == alice.id })
                #expect(seen.record.name == "alice")
                #expect(seen.record.publish != "tcp://127.0.0.1:10")
                #expect(seen.state == .alive || seen.state == .suspect)
                await alice.bus.emit("tick", 2)
                #expect(try await heard.prefix(2) == [1, 2])
                await link.close()
            }
        }
    }

    @Test func eventsOfAnotherOriginAreDroppedAndCounted() async throws {
        try await SecureMesh.with { mesh in
            let bossKey = try mesh.makeKey("boss")
            let mallory = try mesh.makeKey("mallory")
            let boss = try mesh.node("boss")
            try await boss.start()
            try await TestMesh.stopping([boss]) {
                // Mallory publishes at an address of its own, as its record says.
                let publisher = try Stranger.bound(.xpub, key: mallory, admitting: bossKey)
                let id = NodeID.random()
                let dealer = try Stranger.dealer(to: boss, as: id, key: mallory, serverKey: bossKey)
                let record = MemberRecord(
                    id: id, name: "mallory", control: "tcp://127.0.0.1:9", publish: publisher.address)
                let heard = Collector<String>("an event at boss")
                boss.bus.on("word") { (word: String) in heard.append(word) }
                dealer.send(ControlMessage.hello(record).encoded())
                let topic = Probe.topic(for: boss.id)
                _ = try await publisher.received.first { $0.first == [1] + topic }
                let other = NodeID.random()
                for origin in [other, id] {
                    publisher.send(Probe(subscriber: boss.id, origin: origin, nonce: 1, head: 0).encoded())
                }
                // The probe in its own name is acknowledged, on a link that boss opens to nobody; the counter shows the other.
                while await boss.status().counters.security?.impostors != 1 { await Task.yield() }
                #expect(heard.elements.isEmpty)
                #expect(await !boss.members().contains { $0.record.id == other })
                await dealer.close()
                await publisher.close()
            }
        }
    }
}
