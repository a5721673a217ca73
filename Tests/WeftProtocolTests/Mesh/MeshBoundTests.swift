// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue

/// What is bounded says so when it is full.
struct MeshBoundTests {
    private func record(_ name: String) -> MemberRecord {
        MemberRecord(id: .random(), name: name, control: "control-\(name)", publish: "publish-\(name)")
    }

    @Test func windowsCountWhatTheyLose() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.replayWindow = 1_000 }
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"]) { $0.receivedWindows = 1_000 }
        mesh.start(b)
        mesh.run(for: .seconds(1))
        mesh.emit(a, 100)
        mesh.run(for: .seconds(1))
        #expect((80..<100).contains(a.mesh.counters.ownWindowDropped))
        #expect((80..<100).contains(b.mesh.counters.receivedWindowsDropped))
        #expect(a.mesh.counters.receivedWindowsDropped == 0 && b.mesh.counters.ownWindowDropped == 0)
    }

    @Test func aFullMeshCountsWhoIsNotTakenIn() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.members = 2 }
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"])
        mesh.start(b)
        mesh.run(for: .seconds(1))
        let teller = b.id
        mesh.act(a) { machine, now in
            _ = machine.received(
                .roster([RosterEntry(record: self.record("told"), silence: 0)], wantsReply: false),
                on: .inbound(teller, 1), at: now)
            let record = self.record("caller")
            return machine.received(.hello(record), on: .inbound(record.id, 1), at: now)
        }
        #expect(a.mesh.counters.full == 2)
        #expect(a.mesh.counters.rejected == 1)
        #expect(a.mesh.members(at: mesh.now).count == 2)
    }

    @Test func subscriptionsOfStrangersAreBounded() {
        let mesh = SimulatedMesh()
        let a = mesh.joined("a")[0]
        for _ in 0..<520 { mesh.act(a) { machine, now in machine.subscriptionSeen(from: .random(), at: now) } }
        #expect(a.mesh.counters.strangersForgotten == 8)
    }

    @Test func headsAsLargeAsNumbersGetDoNoHarm() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        for _ in 0..<4 {
            for liar in nodes[1...] {
                mesh.act(nodes[0]) { machine, now in
                    machine.received(
                        .heartbeat(
                            head: WireFormat.largestSequence, cursors: [liar.id: WireFormat.largestSequence], digest: 0),
                        on: .inbound(liar.id, 1), at: now)
                }
            }
        }
        #expect(mesh.run(within: .seconds(10)) { nodes[0].gaps.count == 2 })
        #expect(nodes[0].gaps.allSatisfy { $0.last == WireFormat.largestSequence })
        for liar in nodes[1...] { mesh.emit(liar, 2) }
        mesh.kill(nodes[1])
        mesh.run(for: .seconds(30))
        #expect(nodes[0].gaps.count == 2)
    }

    @Test func flushesOfOneOriginAreBounded() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.act(nodes[0]) { machine, now in
            (1...20).reduce(into: []) { actions, number in
                actions += machine.received(
                    .flush(through: UInt64(1_000 + number)), on: .inbound(nodes[1].id, 1), at: now)
            }
        }
        #expect(nodes[0].mesh.counters.flushesForgotten == 4)
    }

    @Test func tombstonesAndCallsToTheDeadAreBounded() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.members = 2_000 }
        mesh.start(a)
        for number in 0..<1_100 {
            mesh.act(a) { machine, now in
                let record = self.record("\(number)")
                return machine.received(.hello(record), on: .inbound(record.id, 1), at: now)
            }
        }
        mesh.run(for: .seconds(12))
        #expect(a.mesh.counters.died == 1_100)
        #expect(a.mesh.counters.deadNotCalled == 1_100 - 32)
        #expect(a.mesh.counters.tombstonesForgotten == 1_100 - 1_024)
        #expect(a.mesh.members(at: mesh.now).count == 1_025)
    }

    @Test func rostersAreBoundedInTime() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d", "e", "f", "g", "h")
        mesh.run(for: .seconds(3))
        // Nobody hears of the change but by the digests, and the answers get lost.
        mesh.losesControl = { _, _, message in if case .roster = message { true } else { false } }
        mesh.act(nodes[0]) { machine, now in machine.update(extras: ["epoch": 2], at: now) }
        mesh.run(for: .seconds(4))
        #expect(nodes[0].mesh.counters.rostersPutOff > 0)
    }
}
