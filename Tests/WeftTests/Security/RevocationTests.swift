// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftBus
import WeftProtocol
import WeftTestKit

@Suite(.timeLimit(.minutes(2)))
struct RevocationTests {
    @Test func aRevokedNodeIsOutWithinFiveSecondsAndTheOthersMissNothing() async throws {
        try await SecureMesh.with { mesh in
            for name in ["boss", "alice", "mallory"] { try mesh.makeKey(name) }
            let boss = try mesh.node("boss")
            try await boss.start()
            let alice = try mesh.node("alice", joining: [boss])
            let mallory = try mesh.node("mallory", joining: [boss])
            try await alice.start()
            try await mallory.start()
            try await TestMesh.stopping([mallory, alice, boss]) {
                let (toAlice, toMallory) = (Collector<Int>("an event at alice"), Collector<Int>("an event at mallory"))
                alice.bus.on("tick") { (number: Int) in toAlice.append(number) }
                mallory.bus.on("tick") { (number: Int) in toMallory.append(number) }
                let (toBoss, gaps) = (Collector<String>("an event at boss"), Collector<String>("a gap"))
                boss.bus.on("word") { (word: String) in toBoss.append(word) }
                alice.bus.on(.gap) { origin, _, _ in gaps.append(origin) }
                for number in 1...100 { await boss.bus.emit("tick", number) }
                _ = try await toMallory.prefix(100)
                let started = ContinuousClock.now
                try mesh.revoke("mallory")
                // As long as it is there, it hears and is heard; so events go on until it does not any more.
                var number = 100
                while await Self.isMember(mallory.id, of: [boss, alice]) {
                    number += 1
                    await boss.bus.emit("tick", number)
                    try #require(ContinuousClock.now - started < .seconds(5))
                    await Task.yield()
                }
                // The same turn of the loop that ends a membership binds the sockets anew; what comes after it is asked after it.
                for node in [boss, alice] { _ = await node.status() }
                for _ in 1...200 {
                    number += 1
                    await boss.bus.emit("tick", number)
                }
                let received = try await toAlice.prefix(number)
                #expect(received == Array(1...number))
                #expect(gaps.elements.isEmpty)
                // What it says reaches nobody, and what is said does not reach it: alice has the last one, and it has not.
                await mallory.bus.emit("word", "from outside")
                await alice.bus.emit("word", "from inside")
                #expect(try await toBoss.prefix(1) == ["from inside"])
                #expect(!toMallory.elements.contains(number))
                #expect(ContinuousClock.now - started < .seconds(30))
                let counters = try #require(await boss.status().counters.security)
                #expect(counters.rebinds == 1)
                #expect(!mesh.logged.elements.contains { $0.contains("cannot be used") })
            }
        }
    }

    @Test func whoIsTrustedAgainComesBack() async throws {
        try await SecureMesh.with { mesh in
            for name in ["boss", "alice"] { try mesh.makeKey(name) }
            let boss = try mesh.node("boss")
            try await boss.start()
            let alice = try mesh.node("alice", joining: [boss])
            try await alice.start()
            try await TestMesh.stopping([alice, boss]) {
                try mesh.revoke("alice")
                _ = await boss.member(within: .seconds(10)) { $0.record.name == "alice" && $0.state == .dead }
                try mesh.trust("alice")
                let heard = Expectation<Int>("an event after the return")
                boss.bus.on("tick") { (number: Int) in heard.fulfil(number) }
                let back = await boss.member(within: .seconds(60)) { $0.record.name == "alice" && $0.isJoined }
                #expect(back != nil)
                await alice.bus.emit("tick", 1)
                #expect(try await heard.value() == 1)
            }
        }
    }

    private static func isMember(_ id: NodeID, of nodes: [Node]) async -> Bool {
        for node in nodes {
            let members = await node.members()
            if members.contains(where: { $0.record.id == id && ($0.state == .alive || $0.state == .suspect) }) {
                return true
            }
        }
        return false
    }
}
