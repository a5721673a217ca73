// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit

struct MeshFlushTests {
    @Test func aFlushEndsWhenEveryPeerHasHandedTheEventsOn() throws {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        nodes[2].isDelivering = false
        mesh.emit(nodes[0], 5)
        mesh.flush(nodes[0], id: 1)
        mesh.run(for: .seconds(2))
        #expect(nodes[0].flushes.isEmpty)
        nodes[2].isDelivering = true
        #expect(mesh.run(within: .seconds(1)) { nodes[0].flushes[1] != nil })
        let report = try #require(nodes[0].flushes[1])
        #expect(report.entries.map(\.name) == ["b", "c"])
        #expect(report.isComplete)
    }

    @Test func whoeverHasTakenAPeersAddressDoesNotConfirmForIt() throws {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.emit(nodes[0])
        nodes[1].isDelivering = false
        mesh.flush(nodes[0], id: 1)
        mesh.run(for: .milliseconds(100))
        for (member, isConfirmed) in [(NodeID.random(), false), (nodes[1].id, true)] {
            mesh.act(nodes[0]) { machine, now in
                machine.received(.flushed(through: 1, missed: 0, by: member), on: .inbound(nodes[1].id, 1), at: now)
            }
            #expect((nodes[0].flushes[1]?.confirmed == 1) == isConfirmed)
        }
        #expect(nodes[0].mesh.counters.contradictions == 1)
    }

    @Test func aFlushNeverTakesLongerThanTheDeathTimeout() throws {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d")
        nodes[1].isDelivering = false
        mesh.emit(nodes[0])
        mesh.kill(nodes[2])
        mesh.flush(nodes[0], id: 7)
        mesh.run(for: .milliseconds(100))
        mesh.leave(nodes[3])
        mesh.run(for: .milliseconds(9_700))
        #expect(nodes[0].flushes.isEmpty)
        mesh.run(for: .milliseconds(600))
        let report = try #require(nodes[0].flushes[7])
        #expect(report.entries.map(\.name) == ["b", "c", "d"])
        #expect(report.entries[0].outcome == .unconfirmed)
        #expect([.dead, .unconfirmed].contains(report.entries[1].outcome))
        #expect(report.confirmed == 1 || report.entries[2].outcome == .left)
        #expect(!report.isComplete)
    }

    @Test func aFlushNamesWhoLivesAndDoesNotHear() throws {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.pause(nodes[2])
        let joiner = mesh.add("d", seeds: ["a"])
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(4)) { joiner.mesh.hasJoined })
        mesh.emit(joiner)
        mesh.flush(joiner, id: 1)
        #expect(mesh.run(within: .seconds(1)) { joiner.flushes[1] != nil })
        let report = try #require(joiner.flushes[1])
        #expect(report.entries.map(\.name) == ["a", "b", "c"])
        #expect(report.entries.map(\.outcome) == [.confirmed, .confirmed, .unconfirmed])
    }

    @Test func aFlushDoesNotNameWhoIsJustJoining() throws {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        let joiner = mesh.add("c", seeds: ["a"])
        mesh.losesPublished = { _, to, _ in to === joiner }
        mesh.start(joiner)
        mesh.run(for: .seconds(1))
        mesh.flush(nodes[0], id: 1)
        #expect(mesh.run(within: .seconds(1)) { nodes[0].flushes[1] != nil })
        #expect(nodes[0].flushes[1]?.entries.map(\.name) == ["b"])
    }

    @Test func aFlushSurvivesTheLossOfItsMessages() {
        for isQuestion in [true, false] {
            let mesh = SimulatedMesh()
            let nodes = mesh.joined("a", "b")
            var isLost = false
            mesh.losesControl = { _, _, message in
                switch message {
                case .flush where isQuestion && !isLost, .flushed where !isQuestion && !isLost:
                    isLost = true
                    return true
                default: return false
                }
            }
            mesh.emit(nodes[0])
            mesh.flush(nodes[0], id: 1)
            #expect(mesh.run(within: .seconds(3)) { nodes[0].flushes[1]?.confirmed == 1 })
            #expect(isLost)
        }
    }

    @Test func aFlushTellsWhatAPeerHasMissed() {
        let mesh = SimulatedMesh()
        let nodes = [mesh.add("a") { $0.replayWindow = 0 }, mesh.add("b", seeds: ["a"])]
        for node in nodes { mesh.start(node) }
        mesh.run(for: .seconds(1))
        mesh.losesPublished = { _, _, _ in true }
        mesh.emit(nodes[0], 3)
        mesh.losesPublished = { _, _, _ in false }
        mesh.emit(nodes[0])
        mesh.flush(nodes[0], id: 1)
        mesh.run(for: .seconds(5))
        #expect(nodes[0].flushes[1]?.entries.first?.missed == 3)
        #expect(nodes[0].flushes[1]?.isComplete == false)
    }

    @Test func aFlushWithoutPeersEndsAtOnce() {
        let mesh = SimulatedMesh()
        let node = mesh.joined("a")[0]
        mesh.flush(node, id: 1)
        #expect(node.flushes[1]?.entries.isEmpty == true)
    }

    @Test func whoLeavesWithEverythingHasConfirmedIt() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.losesControl = { _, _, message in
            if case .flush = message { true } else { false }
        }
        mesh.emit(nodes[0], 5)
        mesh.run(for: .milliseconds(100))
        mesh.flush(nodes[0], id: 1)
        mesh.leave(nodes[1])
        mesh.run(for: .milliseconds(100))
        #expect(nodes[0].flushes[1]?.entries.map(\.outcome) == [.confirmed])
        // It had everything before anybody asked.
        mesh.flush(nodes[0], id: 2)
        #expect(nodes[0].flushes[2]?.entries.map(\.outcome) == [.confirmed])
        // What came after it is no business of its own.
        mesh.emit(nodes[0])
        mesh.flush(nodes[0], id: 3)
        #expect(nodes[0].flushes[3]?.entries.isEmpty == true)
    }

    @Test func whoLeavesWithoutEverythingHasLeft() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        nodes[1].isDelivering = false
        mesh.emit(nodes[0], 5)
        mesh.flush(nodes[0], id: 1)
        mesh.run(for: .milliseconds(100))
        mesh.leave(nodes[1])
        mesh.run(for: .milliseconds(100))
        #expect(nodes[0].flushes[1]?.entries.map(\.outcome) == [.left])
    }
}
