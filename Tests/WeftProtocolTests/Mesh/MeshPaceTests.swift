// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit

struct MeshPaceTests {
    private func pair(_ mesh: SimulatedMesh, waitsForSlowest: Bool) -> [SimulatedNode] {
        let first = mesh.add("a") {
            $0.replayWindow = 4_000
            $0.waitsForSlowest = waitsForSlowest
        }
        mesh.start(first)
        let others = ["b", "c"].map { mesh.add($0, seeds: ["a"]) }
        for node in others { mesh.start(node) }
        mesh.run(for: .seconds(1))
        return [first] + others
    }

    /// Emits as long as the node may, for a while.
    ///
    /// - Returns: How many events went out.
    private func emit(_ node: SimulatedNode, in mesh: SimulatedMesh, for duration: Duration) -> Int {
        var count = 0
        for _ in 0..<Int(duration / .milliseconds(5)) {
            var isFree = false
            mesh.act(node) { machine, now in
                let (answer, actions) = machine.mayPublish(100, at: now)
                isFree = answer
                return actions
            }
            if isFree {
                mesh.emit(node)
                count += 1
            }
            mesh.run(for: .milliseconds(5))
        }
        return count
    }

    @Test func nothingLeavesTheWindowThatAPeerHasNotConfirmed() {
        let mesh = SimulatedMesh()
        let nodes = self.pair(mesh, waitsForSlowest: true)
        mesh.losesPublished = { _, to, _ in to === nodes[1] }
        mesh.losesControl = { from, _, message in
            if case .repair = message, from === nodes[0] { true } else { false }
        }
        // One peer misses everything, and what it fetches gets lost as well.
        #expect((10..<40).contains(self.emit(nodes[0], in: mesh, for: .seconds(2))))
        #expect(nodes[0].mesh.counters.ownWindowDropped == 0)
        mesh.losesPublished = { _, _, _ in false }
        mesh.losesControl = { _, _, _ in false }
        let more = self.emit(nodes[0], in: mesh, for: .seconds(8))
        #expect(more > 100)
        mesh.run(for: .seconds(5))
        for node in nodes.dropFirst() {
            #expect(node.gaps.isEmpty)
            #expect(node.heard(from: nodes[0]) == nodes[0].heard(from: nodes[0]))
        }
    }

    @Test func answersKeepTheStreamGoingBetweenHeartbeats() {
        let mesh = SimulatedMesh()
        let nodes = self.pair(mesh, waitsForSlowest: true)
        // About ten windows a second, with one heartbeat in it.
        #expect(self.emit(nodes[0], in: mesh, for: .seconds(1)) > 190)
    }

    @Test func whoDoesNotGetAnyFurtherIsLeftBehindUntilItHasCaughtUp() {
        let mesh = SimulatedMesh()
        let nodes = self.pair(mesh, waitsForSlowest: true)
        nodes[1].isDelivering = false
        #expect(self.emit(nodes[0], in: mesh, for: .seconds(9)) < 40)
        #expect(nodes[0].mesh.counters.slowestLeftBehind == 0)
        #expect(self.emit(nodes[0], in: mesh, for: .seconds(3)) > 100)
        #expect(nodes[0].mesh.counters.slowestLeftBehind == 1)
        nodes[1].isDelivering = true
        mesh.run(for: .seconds(3))
        _ = self.emit(nodes[0], in: mesh, for: .seconds(1))
        nodes[1].isDelivering = false
        #expect(self.emit(nodes[0], in: mesh, for: .seconds(5)) < 40)
    }

    @Test func aLargeBatchWaitsForAllThatWouldGoForIt() {
        let mesh = SimulatedMesh()
        let nodes = self.pair(mesh, waitsForSlowest: true)
        mesh.emit(nodes[0], 5)
        mesh.run(for: .seconds(2))
        nodes[1].isDelivering = false
        while nodes[0].mesh.windowBytes.own < 3_700 { mesh.emit(nodes[0]) }
        mesh.run(for: .seconds(2))
        func mayPublish(_ byteCount: Int) -> Bool {
            var isFree = false
            mesh.act(nodes[0]) { machine, now in
                let (answer, actions) = machine.mayPublish(byteCount, at: now)
                isFree = answer
                return actions
            }
            return isFree
        }
        // The first to go has been confirmed, those behind it have not.
        #expect(mayPublish(300))
        #expect(!mayPublish(3_000))
        nodes[1].isDelivering = true
        mesh.run(for: .seconds(2))
        #expect(mayPublish(3_000))
    }

    @Test func theDeadAreNotWaitedForNorAnybodyByOthers() {
        let mesh = SimulatedMesh()
        let nodes = self.pair(mesh, waitsForSlowest: true)
        mesh.kill(nodes[1])
        _ = self.emit(nodes[0], in: mesh, for: .seconds(12))
        #expect(self.emit(nodes[0], in: mesh, for: .seconds(1)) > 190)
        let others = SimulatedMesh()
        let careless = self.pair(others, waitsForSlowest: false)
        careless[1].isDelivering = false
        #expect(self.emit(careless[0], in: others, for: .seconds(2)) == 400)
    }
}
