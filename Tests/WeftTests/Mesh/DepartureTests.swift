// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit

@testable import Weft

@Suite(.timeLimit(.minutes(2)))
struct DepartureTests {
    @Test func peersAreAnnouncedWhenTheyComeAndWhenTheySayGoodbye() async throws {
        try await TestMesh.with(1) { nodes in
            let joined = Collector<Value>("peers that joined")
            let left = Collector<Value>("peers that left")
            nodes[0].bus.on(.peerJoined) { peer in joined.append(peer) }
            nodes[0].bus.on(.peerLeft) { peer in left.append(peer) }
            let other = TestMesh.node("other", joining: nodes)
            try await other.start()
            let came = try await joined.first { _ in true }
            #expect(came["name"] == "other")
            #expect(came["id"]?.stringValue == other.id.description)
            #expect(came["roles"] == ["peer"])
            await other.stop()
            let went = try await left.first { _ in true }
            #expect(went["name"] == "other")
            #expect(went["reason"] == "left")
        }
    }

    @Test func everythingEmittedBeforeAGoodbyeArrives() async throws {
        try await TestMesh.with(1) { nodes in
            let numbers = Collector<Int>("events")
            nodes[0].bus.on("last") { (number: Int) in numbers.append(number) }
            let other = TestMesh.node("other", joining: nodes)
            try await other.start()
            for number in 0..<5_000 { await other.bus.emit("last", number) }
            await other.stop()
            try await numbers.wait { $0.count == 5_000 }
            #expect(numbers.elements == Array(0..<5_000))
        }
    }

    @Test func everyoneWhoStopsANodeReturnsWhenItHasEnded() async throws {
        try await TestMesh.with(1) { nodes in
            let address = try #require(nodes[0].controlAddress)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<4 { tasks.addTask { await nodes[0].stop() } }
                // Whichever comes back first, the address is free.
                try await tasks.next()
                let again = Node(configuration: TestMesh.configuration("again", bind: address))
                try await again.start()
                await again.stop()
            }
        }
    }

    @Test func whoLeavesUponTheLastEventHasConfirmedIt() async throws {
        try await TestMesh.with(1) { nodes in
            let numbers = Collector<Int>("events")
            let other = TestMesh.node("other", joining: nodes)
            other.bus.on("last") { (number: Int) in numbers.append(number) }
            try await other.start()
            for number in 1...1_000 { await nodes[0].bus.emit("last", number) }
            try await numbers.wait { $0.last == 1_000 }
            async let report = nodes[0].flush()
            await other.stop()
            #expect(await report.entries.map(\.outcome) == [.confirmed])
        }
    }

    @Test func aNodeThatClosesWithoutAWordIsAnnouncedAsDead() async throws {
        try await TestMesh.with(2) { nodes in
            let left = Collector<Value>("peers that left")
            nodes[0].bus.on(.peerLeft) { peer in left.append(peer) }
            await nodes[1].stop(gracefully: false)
            let went = try await left.first { _ in true }
            #expect(went["reason"] == "dead")
            #expect(await nodes[0].status().counters.mesh.died == 1)
        }
    }

    @Test func aFlushReportsWhoConfirmedAndWhoDied() async throws {
        try await TestMesh.with(3) { nodes in
            await nodes[0].bus.emit("before", 1)
            #expect(await nodes[0].flush().entries.map(\.outcome) == [.confirmed, .confirmed])
            await nodes[2].stop(gracefully: false)
            await nodes[0].bus.emit("after", 1)
            let start = ContinuousClock.now
            let report = await nodes[0].flush()
            // The bound itself (10 s) is a matter of the simulated mesh, where time is exact.
            #expect(ContinuousClock.now - start < .seconds(60))
            #expect(report.entries.map(\.name) == ["node-1", "node-2"])
            #expect(report.entries.first?.outcome == .confirmed)
            #expect([.dead, .unconfirmed].contains(report.entries.last?.outcome))
        }
    }

    @Test func aFlushWithoutPeersReportsNobody() async throws {
        try await TestMesh.with(1) { nodes in
            await nodes[0].bus.emit("alone", 1)
            #expect(await nodes[0].flush().entries.isEmpty)
        }
    }

    @Test func aRestartedProcessAtTheSameAddressTakesThePlaceOfTheFormer() async throws {
        let address = try await TestMesh.freeAddress()
        try await TestMesh.with(1) { nodes in
            let left = Collector<Value>("peers that left")
            nodes[0].bus.on(.peerLeft) { peer in left.append(peer) }
            let seeds = [nodes[0].controlAddress].compactMap { $0 }
            let former = Node(configuration: TestMesh.configuration("former", bind: address, seeds: seeds))
            try await former.start()
            await former.stop(gracefully: false)
            let latter = Node(configuration: TestMesh.configuration("latter", bind: address, seeds: seeds))
            try await latter.start()
            try await TestMesh.stopping([latter]) {
                let went = try await left.first { _ in true }
                #expect(went["name"] == "former")
                #expect(went["reason"] == "replaced")
                let heard = Expectation<Int>("an event of the latter")
                nodes[0].bus.on("here") { (number: Int) in heard.fulfil(number) }
                await latter.bus.emit("here", 7)
                let number = try await heard.value()
                #expect(number == 7)
            }
        }
    }
}
