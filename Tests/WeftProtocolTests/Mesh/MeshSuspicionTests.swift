// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit

struct MeshSuspicionTests {
    private func state(of node: SimulatedNode, at other: SimulatedNode, in mesh: SimulatedMesh) -> MemberStatus.State? {
        other.mesh.members(at: mesh.now).first { $0.record.id == node.id }?.state
    }

    @Test func aMemberThatOthersHearIsSuspectAndLives() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.cut([nodes[0]], from: [nodes[1]])
        mesh.run(for: .seconds(120))
        #expect(self.state(of: nodes[1], at: nodes[0], in: mesh) == .suspect)
        #expect(self.state(of: nodes[0], at: nodes[1], in: mesh) == .suspect)
        for node in nodes { #expect(node.comings.count == 2 && node.mesh.counters.died == 0) }
        for node in nodes.prefix(2) {
            #expect(node.mesh.counters.vouched > 10)
            #expect(node.mesh.counters.refuted > 10)
        }
        mesh.heal()
        #expect(mesh.run(within: .seconds(11)) { self.state(of: nodes[1], at: nodes[0], in: mesh) == .alive })
        // And who then really ends is dead as soon as any other.
        mesh.kill(nodes[1])
        mesh.run(for: .milliseconds(11_500))
        #expect(self.state(of: nodes[1], at: nodes[0], in: mesh) == .dead)
    }

    @Test func aMemberThatNobodyHearsDiesInTimeWhoeverIsAsked() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d", "e", "f")
        mesh.kill(nodes[1])
        mesh.run(for: .milliseconds(11_500))
        for node in nodes where node !== nodes[1] { #expect(self.state(of: nodes[1], at: node, in: mesh) == .dead) }
        // Others have not all noticed at the same time, and nobody was brought back by that.
        mesh.run(for: .seconds(60))
        for node in nodes where node !== nodes[1] {
            #expect(node.mesh.counters.died == 1 && node.mesh.counters.revived == 0)
        }
    }

    @Test func eventsOfAMemberThatIsNotHeardComeThroughOthers() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .seconds(1))
        mesh.cut([nodes[0]], from: [nodes[1]])
        for _ in 0..<30 {
            mesh.emit(nodes[0])
            mesh.emit(nodes[1])
            mesh.run(for: .seconds(1))
        }
        mesh.run(for: .seconds(3))
        #expect(nodes[1].heard(from: nodes[0]) == Array(1...33))
        #expect(nodes[0].heard(from: nodes[1]) == Array(1...30))
        #expect(nodes[1].gaps.isEmpty)
        #expect(nodes[1].mesh.counters.repairedByOthers == 30)
    }

    @Test func aLateJoinerHearsWhomItCannotReachThroughOthers() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.emit(nodes[1], 3)
        mesh.run(for: .seconds(1))
        let joiner = mesh.add("c", seeds: ["a"])
        mesh.cut([joiner], from: [nodes[1]])
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(5)) { joiner.mesh.hasJoined })
        mesh.emit(nodes[1], 2)
        mesh.run(for: .seconds(5))
        #expect(joiner.seeded.filter { $0.origin == nodes[1].id }.compactMap(\.sequence) == [1, 2, 3])
        #expect(joiner.heard(from: nodes[1]) == [4, 5])
        mesh.heal()
        mesh.run(for: .seconds(15))
        mesh.emit(nodes[1])
        mesh.run(for: .milliseconds(10))
        #expect(joiner.heard(from: nodes[1]) == [4, 5, 6])
        #expect(joiner.gaps.isEmpty)
        #expect(joiner.comings == ["+a", "+b"])
    }

    @Test func aDefenceIsPassedOnFromMemberToMember() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d")
        mesh.run(for: .seconds(2))
        // What is left is a chain.
        mesh.cut([nodes[0]], from: [nodes[2], nodes[3]])
        mesh.cut([nodes[1]], from: [nodes[3]])
        for _ in 0..<60 {
            mesh.emit(nodes[0])
            mesh.emit(nodes[3])
            mesh.run(for: .seconds(1))
        }
        mesh.run(for: .seconds(5))
        for node in nodes { #expect(node.comings.count == 3 && node.mesh.counters.died == 0) }
        #expect(nodes[3].heard(from: nodes[0]) == Array(1...60))
        #expect(nodes[0].heard(from: nodes[3]) == Array(1...60))
    }

    /// What others answer counts only if it is younger than the doubt.
    @Test(arguments: [(refutation: UInt64(0), age: UInt64(0), lives: false), (1, 0, true), (1, 60_000, false)])
    func onlyADefenceThatIsYoungerThanTheDoubtCounts(refutation: UInt64, age: UInt64, lives: Bool) {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        var question: UInt64?
        mesh.losesControl = { from, _, message in
            if case .pingRequest(let number, nodes[1].id, _) = message, from === nodes[0] { question = number }
            return false
        }
        mesh.kill(nodes[1])
        #expect(mesh.run(within: .seconds(6)) { question != nil })
        mesh.run(for: .seconds(4))
        mesh.act(nodes[0]) { machine, now in
            machine.received(
                .pong(id: question ?? 0, member: nodes[1].id, refutation: refutation, age: age),
                on: .inbound(nodes[2].id, 1), at: now)
        }
        mesh.run(for: .seconds(5))
        #expect(self.state(of: nodes[1], at: nodes[0], in: mesh) == (lives ? .suspect : .dead))
        mesh.run(for: .seconds(10))
        #expect(self.state(of: nodes[1], at: nodes[0], in: mesh) == .dead)
    }

    @Test func onlyANodeItselfRaisesItsRefutation() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        var answers: [MeshAction] = []
        mesh.act(nodes[0]) { machine, now in
            answers = machine.received(.ping(id: 1, refutation: 5), on: .inbound(nodes[1].id, 1), at: now)
            answers += machine.received(.ping(id: 2, refutation: .max), on: .inbound(nodes[1].id, 1), at: now)
            return []
        }
        #expect(answers.isEmpty)
        #expect(nodes[0].mesh.counters.contradictions == 2)
        mesh.act(nodes[0]) { machine, now in
            answers = machine.received(.ping(id: 3, refutation: 0), on: .inbound(nodes[1].id, 1), at: now)
            answers += machine.received(.ping(id: 4, refutation: 0), on: .inbound(nodes[1].id, 1), at: now)
            return []
        }
        #expect(
            answers
                == [3, 4].map {
                    .send(.pong(id: $0, member: nodes[0].id, refutation: 1, age: 0), on: .inbound(nodes[1].id, 1))
                })
        #expect(nodes[0].mesh.local.refutation == 1)
    }

    @Test func pingsForOthersAreBounded() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.act(nodes[0]) { machine, now in
            for number in 0..<300 {
                _ = machine.received(
                    .pingRequest(id: UInt64(number), member: nodes[2].id, refutation: 0),
                    on: .inbound(nodes[1].id, 1), at: now)
            }
            return []
        }
        #expect(nodes[0].mesh.counters.pingsRefused == 44)
        mesh.run(for: .seconds(4))
        mesh.act(nodes[0]) { machine, now in
            machine.received(
                .pingRequest(id: 7, member: nodes[2].id, refutation: 0), on: .inbound(nodes[1].id, 1), at: now)
        }
        #expect(nodes[0].mesh.counters.pingsRefused == 44)
    }

    @Test func whoIsLateItselfGivesTheOthersMoreTime() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        /// Each round the first node stands still for longer than half a heartbeat, and never as long as a silence.
        func limp(_ rounds: Int) {
            for _ in 0..<rounds {
                mesh.pause(nodes[0])
                mesh.run(for: .milliseconds(900))
                mesh.pause(nodes[0], false)
                mesh.run(for: .milliseconds(600))
            }
        }
        limp(4)
        mesh.kill(nodes[1])
        limp(4)
        #expect(self.state(of: nodes[1], at: nodes[0], in: mesh) == .alive)
        #expect(self.state(of: nodes[1], at: nodes[2], in: mesh) == .suspect)
        #expect(nodes[0].mesh.counters.late > 4)
        limp(6)
        #expect(self.state(of: nodes[1], at: nodes[0], in: mesh) == .suspect)
        #expect(self.state(of: nodes[1], at: nodes[2], in: mesh) == .dead)
        limp(16)
        #expect(self.state(of: nodes[1], at: nodes[0], in: mesh) == .dead)
        // Once it is in time again, it is as strict as before.
        mesh.run(for: .seconds(10))
        mesh.kill(nodes[2])
        mesh.run(for: .milliseconds(4_300))
        #expect(self.state(of: nodes[2], at: nodes[0], in: mesh) == .suspect)
    }
}
