// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit

struct MeshPartitionTests {
    @Test func aLinkThatIsOpenAtOneEndOnlyIsMadeAnew() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.run(for: .seconds(2))
        mesh.sever(nodes[0], from: nodes[1])
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(6_500))
        for node in nodes {
            #expect(node.comings.count == 1 && node.mesh.counters.suspected <= 1 && node.mesh.counters.redialled > 0)
            #expect(node.mesh.members(at: mesh.now).allSatisfy { $0.state != .suspect })
        }
        #expect(nodes[1].heard(from: nodes[0]) == [1, 2, 3])
        // The stream, too, is live again: what is emitted now need not be fetched.
        let fetches = nodes[1].mesh.counters.fetches
        mesh.emit(nodes[0])
        mesh.run(for: .milliseconds(10))
        #expect(nodes[1].heard(from: nodes[0]) == [1, 2, 3, 4])
        #expect(nodes[1].mesh.counters.fetches == fetches)
    }

    @Test func anEventStreamThatIsOpenAtOneEndOnlyIsMadeAnew() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.run(for: .seconds(2))
        mesh.severEvents(of: nodes[0], to: nodes[1])
        mesh.emit(nodes[0], 3)
        mesh.run(for: .seconds(5))
        #expect(nodes[1].heard(from: nodes[0]) == [1, 2, 3])
        #expect(nodes[1].mesh.counters.suspected == 0)
        let fetches = nodes[1].mesh.counters.fetches
        mesh.emit(nodes[0])
        mesh.run(for: .milliseconds(10))
        #expect(nodes[1].heard(from: nodes[0]) == [1, 2, 3, 4])
        #expect(nodes[1].mesh.counters.fetches == fetches)
    }

    @Test func aLinkThatIsOpenAtItsOwnersEndOnlyIsMadeAnew() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.run(for: .seconds(2))
        // The first one hears the second, and does not know that it is not heard itself.
        mesh.severLinks(of: nodes[0], to: nodes[1])
        mesh.run(for: .seconds(60))
        #expect(nodes[0].mesh.counters.suspected == 0)
        #expect(nodes[1].mesh.counters.suspected == 1)
        for node in nodes { #expect((1...2).contains(node.mesh.counters.redialled)) }
    }

    @Test(arguments: [20, 60, 500])
    func halvesThatAreDeadForEachOtherFindEachOtherAgain(seconds: Int) {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d", "e")
        for node in nodes { mesh.emit(node, 2) }
        mesh.run(for: .seconds(1))
        mesh.cut(Array(nodes[..<2]), from: Array(nodes[2...]))
        for _ in 0..<10 {
            mesh.run(for: .seconds(seconds) / 10)
            for node in nodes { mesh.emit(node, 5) }
        }
        // Whoever comes meanwhile is known to both halves afterwards.
        let newcomers = [mesh.add("x", seeds: ["b"]), mesh.add("y", seeds: ["d"])]
        mesh.cut([newcomers[0]], from: Array(nodes[2...]) + [newcomers[1]])
        mesh.cut([newcomers[1]], from: Array(nodes[..<2]))
        for node in newcomers { mesh.start(node) }
        mesh.run(for: .seconds(15))
        for node in nodes { #expect(node.mesh.counters.died > 0) }
        mesh.heal()
        #expect(
            mesh.run(within: .seconds(20)) {
                mesh.nodes.allSatisfy { node in
                    node.mesh.members(at: mesh.now).count { $0.state == .alive && $0.isJoined } == 6
                }
            })
        for node in mesh.nodes { mesh.emit(node, 2) }
        mesh.run(for: .seconds(20))
        for node in nodes {
            for other in nodes { #expect(node.heard(from: other) == Array(1...54)) }
            for other in newcomers { #expect(node.heard(from: other) == [1, 2]) }
            #expect(node.gaps.isEmpty)
        }
    }

    @Test func oneLinkThatComesBackIsEnoughForTwoHalves() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d")
        mesh.run(for: .seconds(2))
        let halves = [Array(nodes[..<2]), Array(nodes[2...])]
        mesh.cut(halves[0], from: halves[1])
        mesh.run(for: .seconds(60))
        for node in nodes { mesh.emit(node, 3) }
        mesh.heal()
        mesh.cut([nodes[0]], from: halves[1])
        mesh.cut([nodes[1]], from: [nodes[2]])
        mesh.run(for: .seconds(30))
        for node in nodes { mesh.emit(node, 3) }
        mesh.run(for: .seconds(15))
        for node in nodes {
            for other in nodes { #expect(node.heard(from: other) == Array(1...6), "\(other.name) at \(node.name)") }
            #expect(node.gaps.isEmpty)
            let states = node.mesh.members(at: mesh.now).map(\.state)
            #expect(!states.contains(.dead))
        }
        #expect(nodes[0].mesh.counters.revived == 2)
    }

    @Test func afterTheTombstonesTimeAMemberJoinsAnew() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .seconds(1))
        mesh.cut([nodes[0]], from: [nodes[1]])
        mesh.emit(nodes[0], 2)
        mesh.run(for: .seconds(700))
        for node in nodes { #expect(node.mesh.members(at: mesh.now).count == 1) }
        mesh.heal()
        #expect(mesh.run(within: .seconds(12)) { nodes.allSatisfy { $0.comings.count == 3 } })
        mesh.emit(nodes[0], 2)
        mesh.run(for: .seconds(5))
        // The stream begins where it was when it joined.
        #expect(nodes[1].heard(from: nodes[0]) == [1, 2, 3, 6, 7])
        #expect(nodes[1].gaps.isEmpty)
    }

    @Test func partsOfAMeshThatBeganApartBecomeOne() {
        let mesh = SimulatedMesh()
        let seeds = ["a", "c"]
        let nodes = ["a", "b", "c", "d"].map { mesh.add($0, seeds: seeds) }
        mesh.cut(Array(nodes[..<2]), from: Array(nodes[2...]))
        for node in nodes { mesh.start(node) }
        mesh.run(for: .seconds(30))
        for node in nodes { #expect(node.mesh.hasJoined && node.comings.count == 1) }
        mesh.heal()
        #expect(mesh.run(within: .seconds(12)) { nodes.allSatisfy { $0.comings.count == 3 } })
    }

    @Test func whoIsGoneIsCalledAgainAndAgainWithPausesThatGrowToALimit() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.kill(nodes[2])
        mesh.run(for: .seconds(11))
        let counts = nodes.prefix(2).map(\.mesh.counters.redialled)
        // At once when it fell silent, then after about 2 and 4 seconds.
        for count in counts { #expect((2...4).contains(count)) }
        var calls: [[MonotonicTime]] = [[], []]
        for _ in 0..<3_000 {
            let before = nodes.prefix(2).map(\.mesh.counters.redialled)
            mesh.run(for: .milliseconds(100))
            for index in 0..<2 where nodes[index].mesh.counters.redialled > before[index] {
                calls[index].append(mesh.now)
            }
        }
        for calls in calls {
            #expect((30...42).contains(calls.count))
            for (one, next) in zip(calls, calls.dropFirst()) { #expect(next - one <= .milliseconds(10_300)) }
        }
        // Not in step with each other.
        #expect(Set(calls[0]).intersection(calls[1]).count < 10)
    }

    @Test func aMemberWhoseAddressLeadsToTheNodeItselfIsGone() {
        let mesh = SimulatedMesh()
        let node = mesh.joined("a")[0]
        let stranger = MemberRecord(id: .random(), name: "x", control: "control-alias", publish: "publish-alias")
        let teller = MemberRecord(id: .random(), name: "t", control: "control-t", publish: "publish-t")
        var opened: [MeshAction] = []
        mesh.act(node) { machine, now in
            _ = machine.received(.hello(teller), on: .inbound(teller.id, 1), at: now)
            opened = machine.received(
                .roster([RosterEntry(record: stranger, silence: 0)], wantsReply: false), on: .inbound(teller.id, 1),
                at: now)
            return []
        }
        guard
            case .open(let link, "control-alias")? = opened.first(where: { if case .open = $0 { true } else { false } })
        else {
            Issue.record("not called: \(opened)")
            return
        }
        mesh.act(node) { machine, now in
            machine.received(.hello(machine.local, to: stranger.id), on: .inbound(machine.local.id, link), at: now)
        }
        #expect(node.mesh.members(at: mesh.now).first { $0.record.id == stranger.id }?.state == .dead)
        let redialled = node.mesh.counters.redialled
        mesh.run(for: .seconds(5))
        #expect(node.mesh.counters.redialled <= redialled + 3)
    }
}
