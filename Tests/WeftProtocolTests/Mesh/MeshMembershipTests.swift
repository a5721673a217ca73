// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue

struct MeshMembershipTests {
    private func state(_ node: SimulatedNode, at other: SimulatedNode, in mesh: SimulatedMesh) -> MemberStatus.State? {
        other.mesh.members(at: mesh.now).first { $0.record.id == node.id }?.state
    }

    @Test func aSilentMemberIsSuspectedThenDeadThenForgotten() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.run(for: .seconds(5))
        #expect(self.state(nodes[1], at: nodes[0], in: mesh) == .alive)
        mesh.kill(nodes[1])
        mesh.run(for: .milliseconds(4_300))
        #expect(self.state(nodes[1], at: nodes[0], in: mesh) == .suspect)
        #expect(nodes[0].comings == ["+b"])
        mesh.run(for: .seconds(7))
        #expect(self.state(nodes[1], at: nodes[0], in: mesh) == .dead)
        #expect(nodes[0].comings == ["+b", "-b(dead)"])
        mesh.run(for: .seconds(601))
        #expect(self.state(nodes[1], at: nodes[0], in: mesh) == nil)
        #expect(nodes[0].mesh.counters.died == 1)
    }

    @Test func anyTrafficIsASignOfLife() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.losesControl = { _, _, _ in true }
        mesh.losesPublished = { from, _, _ in from === nodes[0] }
        for _ in 0..<20 {
            mesh.emit(nodes[1])
            mesh.run(for: .seconds(1))
        }
        #expect(self.state(nodes[1], at: nodes[0], in: mesh) == .alive)
        #expect(self.state(nodes[0], at: nodes[1], in: mesh) == .dead)
    }

    @Test func aMemberThatComesBackResumesItsStream() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .seconds(1))
        mesh.cut([nodes[0]], from: [nodes[1]])
        mesh.emit(nodes[0], 2)
        mesh.run(for: .seconds(60))
        #expect(nodes[1].comings == ["+a", "-a(dead)"])
        mesh.heal()
        #expect(mesh.run(within: .seconds(30)) { nodes.allSatisfy { $0.comings.count == 3 } })
        mesh.emit(nodes[0], 2)
        mesh.run(for: .seconds(1))
        #expect(nodes[1].comings == ["+a", "-a(dead)", "+a"])
        #expect(nodes[1].heard(from: nodes[0]) == Array(1...7))
        #expect(nodes[1].gaps.isEmpty)
    }

    @Test func aShortCutIsNoDeath() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.cut([nodes[0]], from: [nodes[1], nodes[2]])
        mesh.run(for: .seconds(6))
        mesh.heal()
        mesh.run(for: .seconds(5))
        for node in nodes { #expect(node.comings.count == 2) }
        for node in nodes { #expect(node.mesh.counters.died == 0) }
    }

    @Test func whoStoodStillItselfDoesNotBlameTheOthers() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.pause(nodes[0])
        mesh.run(for: .seconds(8))
        mesh.pause(nodes[0], false)
        mesh.run(for: .seconds(5))
        #expect(nodes[0].comings == ["+b", "+c"])
        #expect(nodes[0].mesh.counters.died == 0)
    }

    @Test func aGoodbyeIsATombstoneForAShortTime() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.leave(nodes[2])
        mesh.run(for: .seconds(1))
        for node in nodes.prefix(2) {
            #expect(node.comings.last == "-c(left)")
            #expect(self.state(nodes[2], at: node, in: mesh) == .left)
        }
        mesh.run(for: .seconds(12))
        for node in nodes.prefix(2) { #expect(self.state(nodes[2], at: node, in: mesh) == nil) }
        #expect(nodes[0].mesh.counters.died == 0)
    }

    @Test func aStrangerAtADeadMembersAddressDoesNotMakeTwoMeshesOne() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.kill(nodes[1])
        let other = mesh.add("x")
        mesh.start(other)
        let stranger = mesh.add("b", seeds: ["x"])
        mesh.start(stranger)
        mesh.run(for: .seconds(60))
        #expect(nodes[0].comings == ["+b", "-b(replaced)"])
        #expect(stranger.comings == ["+x"])
        #expect(other.comings == ["+b"])
    }

    @Test func aProcessThatTookOverAnAddressReplacesTheFormerOwner() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.kill(nodes[2])
        let successor = mesh.add("c", seeds: ["a"])
        mesh.start(successor)
        #expect(mesh.run(within: .seconds(2)) { successor.mesh.hasJoined })
        mesh.run(for: .seconds(2))
        #expect(nodes[0].comings == ["+b", "+c", "-c(replaced)", "+c"])
        mesh.emit(successor)
        mesh.run(for: .milliseconds(10))
        #expect(nodes[1].heard(from: successor) == [1])
        mesh.run(for: .seconds(60))
        #expect(nodes[0].comings.count == 4)
        #expect(nodes[1].comings.count == 4)
    }

    /// Nobody tells the newcomer where the others are: they have to call the address that they were told to join at.
    @Test(arguments: [false, true])
    func whoComesToASeedsAddressAfterItsEndIsFound(saidGoodbye: Bool) {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        if saidGoodbye { mesh.leave(nodes[0]) }
        mesh.run(for: .seconds(1))
        mesh.kill(nodes[0])
        // Longer than any tombstone stands.
        mesh.run(for: .seconds(700))
        let successor = mesh.add("a")
        mesh.start(successor)
        #expect(mesh.run(within: .seconds(7)) { Set(successor.comings) == ["+b", "+c"] })
        mesh.emit(successor)
        mesh.run(for: .seconds(1))
        #expect(nodes[1].heard(from: successor) == [1])
        #expect(nodes[2].heard(from: successor) == [1])
    }

    @Test func whatANodeSaysAboutItselfSpreads() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.act(nodes[0]) { machine, now in
            machine.update(roles: [.coordinator], extras: ["sink": "tcp://127.0.0.1:7402"], at: now)
        }
        mesh.run(for: .milliseconds(10))
        for node in nodes.dropFirst() {
            let record = node.mesh.members(at: mesh.now).first { $0.record.id == nodes[0].id }?.record
            #expect(record?.roles == [.coordinator])
            #expect(record?.extras["sink"] == "tcp://127.0.0.1:7402")
        }
    }

    @Test func aChangeThatGotLostIsMadeUpForByTheDigests() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.losesControl = { _, _, _ in true }
        mesh.act(nodes[0]) { machine, now in machine.update(extras: ["epoch": 2], at: now) }
        mesh.losesControl = { _, _, _ in false }
        #expect(
            mesh.run(within: .seconds(5)) {
                nodes[1].mesh.members(at: mesh.now).contains { $0.record.extras["epoch"] == 2 }
            })
    }

    @Test func callsAreAnswered() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.act(nodes[0]) { machine, now in
            machine.call(nodes[1].id, number: 9, method: "greet", body: "hello", at: now) ?? []
        }
        mesh.run(for: .milliseconds(10))
        #expect(nodes[0].replies[9] == ["method": "greet", "body": "hello"])
        var calls: [MeshAction]? = []
        mesh.act(nodes[0]) { machine, now in
            calls = machine.call(.random(), number: 10, method: "greet", body: .null, at: now)
            return []
        }
        #expect(calls == nil)
    }

    @Test func strangersAreCountedAndTold() {
        let mesh = SimulatedMesh()
        let node = mesh.joined("a")[0]
        let stranger = NodeID.random()
        var answers: [MeshAction] = []
        mesh.act(node) { machine, now in
            answers = machine.received(
                .heartbeat(head: 1, cursors: [:], digest: 0), on: .inbound(stranger, 1), at: now)
            answers += machine.received(.flush(through: 1), on: .inbound(stranger, 1), at: now)
            answers += machine.received(.welcome(machine.local, roster: []), on: .inbound(stranger, 1), at: now)
            return []
        }
        #expect(node.mesh.counters.strangers == 3)
        #expect(answers.count == 1)
        guard case .send(.reject(.unknown, _, _), .inbound(stranger, 1))? = answers.first else {
            Issue.record("\(answers)")
            return
        }
    }

    @Test func aHelloInSomeoneElsesNameIsRefused() {
        let mesh = SimulatedMesh()
        let node = mesh.joined("a")[0]
        let record = MemberRecord(id: .random(), name: "x", control: "c", publish: "p")
        let long = String(repeating: "x", count: 300)
        mesh.act(node) { machine, now in
            _ = machine.received(.hello(record), on: .inbound(.random(), 1), at: now)
            let tooLong = MemberRecord(id: record.id, name: long, control: "c", publish: "p")
            return machine.received(.hello(tooLong), on: .inbound(record.id, 1), at: now)
        }
        #expect(node.mesh.counters.contradictions == 1)
        #expect(node.mesh.counters.recordsTooLarge == 1)
        #expect(node.mesh.members(at: mesh.now).count == 1)
    }

    @Test func aDozenNodesSettleAndStaySettled() {
        let mesh = SimulatedMesh()
        let first = mesh.add("node-0")
        mesh.start(first)
        for index in 1..<12 {
            let node = mesh.add("node-\(index)", seeds: ["node-\(index / 2)"])
            mesh.start(node)
            mesh.run(for: .milliseconds(300))
        }
        #expect(mesh.run(within: .seconds(10)) { mesh.nodes.allSatisfy { $0.comings.count == 11 } })
        mesh.run(for: .seconds(60))
        #expect(mesh.nodes.allSatisfy { $0.comings.count == 11 })
    }
}
