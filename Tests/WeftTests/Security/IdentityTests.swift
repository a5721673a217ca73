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
