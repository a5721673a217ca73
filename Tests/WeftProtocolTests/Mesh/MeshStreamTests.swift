// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit

struct MeshStreamTests {
    @Test func streamsArriveOnceAndInOrder() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        for _ in 0..<50 {
            for node in nodes { mesh.emit(node, 3) }
            mesh.run(for: .milliseconds(7))
        }
        mesh.run(for: .seconds(1))
        for receiver in nodes {
            for origin in nodes { #expect(receiver.heard(from: origin) == Array(1...150)) }
            #expect(receiver.mesh.counters.duplicates == 0)
        }
    }

    @Test func aHeadThatIsAheadOfAPausedReaderIsNoGap() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.losesPublished = { _, _, _ in true }
        mesh.act(nodes[1]) { machine, _ in
            machine.setReading(false)
            return []
        }
        mesh.emit(nodes[0], 2)
        mesh.run(for: .seconds(8))
        #expect(nodes[1].gaps.isEmpty)
    }

    @Test func theEndOfTheStreamOfWhoSaysGoodbyeComesBeforeItsDeparture() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.latency = .milliseconds(5)
        mesh.emit(nodes[0], 3)
        mesh.leave(nodes[0])
        mesh.run(for: .seconds(1))
        #expect(nodes[1].heard(from: nodes[0]) == [1, 2, 3])
        #expect(nodes[1].comings == ["+a", "-a(left)"])
        #expect(nodes[1].gaps.isEmpty)
    }

    @Test func anEndThatIsLostWithAGoodbyeIsAGap() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.emit(nodes[0])
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, _, _ in true }
        mesh.emit(nodes[0], 2)
        mesh.leave(nodes[0])
        mesh.run(for: .seconds(5))
        #expect(nodes[1].gaps == [.init(origin: nodes[0].id, first: 2, last: 3)])
        #expect(nodes[1].comings == ["+a", "-a(left)"])
    }

    @Test func aLateJoinerHasHistoryAndThenTheStreamAtEveryMomentOfItsJoining() throws {
        for moment in 0..<40 {
            let mesh = SimulatedMesh()
            let members = mesh.joined("a", "b", "c")
            mesh.emit(members[0], 20)
            mesh.emit(members[1], 20)
            mesh.run(for: .milliseconds(10))
            let joiner = mesh.add("d", seeds: ["a"])
            mesh.start(joiner)
            // Everyone goes on emitting while the joiner joins, and members hear each other at different times.
            for step in 0..<40 {
                for member in members { mesh.emit(member) }
                members[0].isDelivering = step != moment
                mesh.run(for: .microseconds(500))
            }
            members[0].isDelivering = true
            mesh.run(for: .seconds(5))
            #expect(joiner.mesh.hasJoined)
            #expect(joiner.gaps.isEmpty)
            for member in members {
                let seeded = joiner.seeded.filter { $0.origin == member.id }.compactMap(\.sequence)
                let all = seeded + joiner.heard(from: member)
                #expect(!seeded.isEmpty)
                #expect(all == Array((all.first ?? 0)...member.mesh.members(at: mesh.now)[0].head), "moment \(moment)")
            }
        }
    }

    @Test func historyComesWithoutTheJoinersOwnEvents() {
        let mesh = SimulatedMesh()
        let first = mesh.add("a")
        mesh.start(first)
        mesh.emit(first, 2)
        let joiner = mesh.add("b", seeds: ["a"])
        mesh.start(joiner)
        for _ in 0..<20 {
            mesh.emit(joiner)
            mesh.run(for: .microseconds(500))
        }
        mesh.run(for: .seconds(1))
        #expect(joiner.seeded.map(\.origin) == [first.id, first.id])
    }

    @Test func aMemberThatIsItselfJoiningIsNotWaitedFor() {
        let mesh = SimulatedMesh()
        let nodes = [mesh.add("a", seeds: ["b"]), mesh.add("b", seeds: ["a"])]
        for node in nodes { mesh.start(node) }
        #expect(mesh.run(within: .seconds(1)) { nodes.allSatisfy(\.mesh.hasJoined) })
    }

    @Test func historyOfAMemberThatIsBehindIsWaitedFor() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        members[0].isDelivering = false
        mesh.emit(members[1], 5)
        mesh.run(for: .milliseconds(10))
        let joiner = mesh.add("c", seeds: ["a"])
        mesh.start(joiner)
        mesh.run(for: .seconds(1))
        #expect(!joiner.mesh.hasJoined)
        members[0].isDelivering = true
        #expect(mesh.run(within: .seconds(1)) { joiner.mesh.hasJoined })
        #expect(joiner.seeded.compactMap(\.sequence) == [1, 2, 3, 4, 5])
        #expect(joiner.gaps.isEmpty)
    }
}
