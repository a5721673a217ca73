// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit

struct MeshJoinTests {
    @Test func aNodeWithoutSeedsIsJoinedAtOnce() {
        let mesh = SimulatedMesh()
        let node = mesh.add("only")
        mesh.start(node)
        #expect(node.mesh.hasJoined)
    }

    @Test func joiningEndsWhenBothDirectionsAreConfirmed() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        #expect(nodes[1].mesh.hasJoined)
        #expect(nodes[0].comings == ["+b"])
        #expect(nodes[1].comings == ["+a"])
        mesh.emit(nodes[0])
        mesh.emit(nodes[1])
        mesh.run(for: .milliseconds(10))
        #expect(nodes[0].heard(from: nodes[1]) == [1])
        #expect(nodes[1].heard(from: nodes[0]) == [1])
    }

    @Test func joiningWaitsForEachDirectionOfEachMember() {
        for isToJoiner in [true, false] {
            let mesh = SimulatedMesh()
            let members = mesh.joined("a", "b")
            let joiner = mesh.add("c", seeds: ["a"])
            mesh.losesPublished = { from, to, frame in
                guard case .probe = frame else { return false }
                return isToJoiner ? from === members[1] && to === joiner : from === joiner && to === members[1]
            }
            mesh.start(joiner)
            mesh.run(for: .seconds(5))
            #expect(!joiner.mesh.hasJoined)
            mesh.losesPublished = { _, _, _ in false }
            #expect(mesh.run(within: .seconds(2)) { joiner.mesh.hasJoined })
        }
    }

    @Test func aMemberThatCannotBeReachedKeepsNobodyOut() throws {
        for isDeaf in [true, false] {
            let mesh = SimulatedMesh()
            let members = mesh.joined("a", "b")
            let joiner = mesh.add("c", seeds: ["a"])
            // What it says arrives; nothing gets there, or none of its events arrive.
            mesh.losesControl = { from, to, _ in isDeaf && from === joiner && to === members[1] }
            mesh.losesPublished = { from, to, _ in from === members[1] && to === joiner }
            mesh.start(joiner)
            mesh.run(for: .seconds(5))
            #expect(!joiner.mesh.hasJoined)
            #expect(mesh.run(within: .seconds(2)) { joiner.mesh.hasJoined })
            let left = joiner.mesh.members(at: mesh.now).filter(\.isLeftOut)
            #expect(left.map(\.record.name) == ["b"])
            #expect(joiner.comings == ["+a"])
            mesh.losesControl = { _, _, _ in false }
            mesh.losesPublished = { _, _, _ in false }
            #expect(mesh.run(within: .seconds(12)) { joiner.comings == ["+a", "+b"] })
            #expect(joiner.mesh.members(at: mesh.now).allSatisfy { !$0.isLeftOut })
        }
    }

    /// Of three members the last stands still; a fourth joins, and has emitted three events.
    private func oneStandsStillWhileAnotherComes() -> (SimulatedMesh, [SimulatedNode], SimulatedNode) {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b", "c")
        mesh.run(for: .seconds(2))
        mesh.pause(members[2])
        let joiner = mesh.add("d", seeds: ["a"])
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(5)) { joiner.mesh.hasJoined })
        mesh.emit(joiner, 3)
        mesh.run(for: .milliseconds(500))
        return (mesh, members, joiner)
    }

    @Test func whatComesOnlyAfterAGoodbyeComesOnce() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b", "c")
        mesh.run(for: .seconds(2))
        let joiner = mesh.add("d", seeds: ["a"])
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(5)) { joiner.mesh.hasJoined && joiner.comings.contains("+c") })
        // The last member takes the joiner for dead, and has nothing of it when the goodbye comes after all.
        mesh.losesPublished = { from, to, _ in from === joiner && to === members[2] }
        mesh.losesControl = { from, to, message in
            guard to === members[2] else { return false }
            switch message {
            case .pong, .repair: return true
            default: return from === joiner
            }
        }
        mesh.emit(joiner, 3)
        #expect(mesh.run(within: .seconds(15)) { members[2].comings.contains("-d(dead)") })
        mesh.losesControl = { _, _, _ in false }
        mesh.leave(joiner)
        #expect(mesh.run(within: .seconds(5)) { members[2].heard(from: joiner) == [1, 2, 3] })
        // Longer than its goodbye is remembered, while the others still say where its stream began.
        mesh.run(for: .seconds(60))
        #expect(members[2].heard(from: joiner) == [1, 2, 3])
        #expect(members[2].gaps.isEmpty)
    }

    @Test func whoStoodStillHearsOfThoseWhoCameAndWentMeanwhile() {
        let (mesh, members, joiner) = self.oneStandsStillWhileAnotherComes()
        mesh.leave(joiner)
        mesh.run(for: .milliseconds(500))
        // What the joiner sent it never arrived.
        mesh.pause(members[2], false, losing: true)
        #expect(mesh.run(within: .seconds(6)) { members[2].heard(from: joiner) == [1, 2, 3] })
        // Once, and for good.
        mesh.run(for: .seconds(90))
        #expect(members[2].heard(from: joiner) == [1, 2, 3])
        #expect(members[1].heard(from: joiner) == [1, 2, 3])
    }

    @Test func whoStoodStillHearsAllOfThoseWhoCameMeanwhile() {
        let (mesh, members, joiner) = self.oneStandsStillWhileAnotherComes()
        mesh.pause(members[2], false)
        #expect(mesh.run(within: .seconds(12)) { joiner.comings.contains("+c") })
        mesh.emit(joiner, 2)
        mesh.run(for: .seconds(6))
        #expect(members[2].heard(from: joiner) == [1, 2, 3, 4, 5])
    }

    @Test func whatWasMissedOfThoseIsAGapWhenNobodyHoldsIt() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        mesh.run(for: .seconds(2))
        let joiner = mesh.add("d", seeds: ["a"])
        mesh.pause(members[1])
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(5)) { joiner.mesh.hasJoined })
        mesh.emit(joiner, 3)
        mesh.run(for: .milliseconds(500))
        mesh.leave(joiner)
        mesh.run(for: .milliseconds(100))
        mesh.losesControl = { _, _, message in
            if case .repair = message { return true }
            return false
        }
        mesh.pause(members[1], false, losing: true)
        mesh.run(for: .seconds(4))
        mesh.kill(members[0])
        #expect(mesh.run(within: .seconds(60)) { members[1].mesh.counters.missed == 3 })
    }

    @Test func whoJoinsLaterIsNotToldOfStreamsBeforeIt() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        var told = 0
        mesh.losesControl = { _, _, message in
            if case .began = message { told += 1 }
            return false
        }
        let later = mesh.add("c", seeds: ["a"])
        mesh.start(later)
        mesh.run(for: .seconds(1))
        mesh.emit(members[0], 5)
        mesh.run(for: .seconds(40))
        #expect(later.heard(from: members[0]) == [1, 2, 3, 4, 5])
        #expect(told == 0)
    }

    @Test func aServiceIsNotKeptOutEither() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        let joiner = mesh.add("c", seeds: ["a"]) { $0.joinTimeout = nil }
        mesh.losesPublished = { from, to, _ in from === members[1] && to === joiner }
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(7)) { joiner.mesh.hasJoined })
    }

    @Test(arguments: [MeshDefaults.joinTimeout, nil])
    func whoIsWelcomedAndReachedByNobodyHasNotJoined(_ limit: Duration?) throws {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        let joiner = mesh.add("c", seeds: ["a"]) { $0.joinTimeout = limit }
        // Nobody can dial it: all that arrives is what comes over the links that it has opened itself.
        mesh.losesControl = { from, to, message in
            guard to === joiner else { return false }
            return switch message {
            case .welcome, .reject: false
            default: true
            }
        }
        mesh.losesPublished = { from, _, _ in from === joiner }
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(10)) { joiner.joined != nil })
        guard case .failure(let error) = try #require(joiner.joined) else {
            Issue.record("joined nobody")
            return
        }
        #expect(error.code == .unconfirmed)
        #expect(error.message.contains("a (control-a)") && error.message.contains("b (control-b)"))
        #expect(error.message.contains("none of them reaches this node at control-c"))
        #expect(error.message.contains("--advertise"))
        #expect(members.allSatisfy { $0.mesh.hasJoined })
    }

    @Test func whoFindsOnlyAMemberThatStandsStillWaitsForIt() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a")
        let joiner = mesh.add("b", seeds: ["a"])
        mesh.losesPublished = { _, _, _ in true }
        mesh.start(joiner)
        mesh.run(for: .milliseconds(10))
        mesh.pause(members[0])
        mesh.losesPublished = { _, _, _ in false }
        mesh.run(for: .seconds(6))
        #expect(joiner.joined == nil)
        mesh.pause(members[0], false)
        #expect(mesh.run(within: .seconds(3)) { joiner.mesh.hasJoined })
    }

    @Test func whoseOnlySeedDiesLooksForAnother() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a")
        let joiner = mesh.add("b", seeds: ["a"]) { $0.joinTimeout = nil }
        mesh.losesPublished = { _, _, _ in true }
        mesh.start(joiner)
        mesh.run(for: .milliseconds(10))
        mesh.kill(members[0])
        mesh.run(for: .seconds(30))
        #expect(joiner.joined == nil)
        mesh.losesPublished = { _, _, _ in false }
        let next = mesh.add("a")
        mesh.start(next)
        #expect(mesh.run(within: .seconds(12)) { joiner.mesh.hasJoined })
    }

    @Test func everyJoinBarrierSurvivesTheLossOfAnyOneControlMessage() {
        for lost in 0..<12 {
            let mesh = SimulatedMesh()
            _ = mesh.joined("a", "b")
            let joiner = mesh.add("c", seeds: ["a"])
            var count = 0
            mesh.losesControl = { _, _, message in
                if case .heartbeat = message { return false }
                count += 1
                return count == lost + 1
            }
            mesh.start(joiner)
            #expect(mesh.run(within: .seconds(9)) { joiner.mesh.hasJoined }, "message \(lost)")
        }
    }

    @Test func nobodyAnsweringIsAnErrorThatListsWhatWasTried() {
        let mesh = SimulatedMesh()
        let node = mesh.add("c", seeds: ["nowhere", "elsewhere"])
        mesh.start(node)
        mesh.run(for: .seconds(9))
        #expect(node.joined == nil)
        mesh.run(for: .seconds(2))
        guard case .failure(let error) = node.joined else {
            Issue.record("joined nobody")
            return
        }
        #expect(error.code == .unreachable)
        #expect(error.message.contains("control-nowhere, control-elsewhere"))
    }

    @Test func withoutALimitANodeWaitsForItsSeed() {
        let mesh = SimulatedMesh()
        let node = mesh.add("early", seeds: ["late"]) { $0.joinTimeout = nil }
        mesh.start(node)
        mesh.run(for: .seconds(120))
        #expect(node.joined == nil)
        let seed = mesh.add("late")
        mesh.start(seed)
        #expect(mesh.run(within: .seconds(7)) { node.mesh.hasJoined })
    }

    @Test func nodesThatNameEachOtherAsSeedsJoin() {
        let mesh = SimulatedMesh()
        let names = ["a", "b", "c"]
        let nodes = names.map { mesh.add($0, seeds: names) }
        for node in nodes { mesh.start(node) }
        #expect(mesh.run(within: .seconds(3)) { nodes.allSatisfy { $0.comings.count == 2 } })
    }

    @Test func nodesThatJoinThroughOneMemberAtTheSameTimeFindEachOther() {
        let mesh = SimulatedMesh()
        let first = mesh.add("first")
        mesh.start(first)
        let others = (0..<8).map { mesh.add("other-\($0)", seeds: ["first"]) }
        for other in others { mesh.start(other) }
        #expect(mesh.run(within: .seconds(5)) { mesh.nodes.allSatisfy { $0.comings.count == 8 } })
    }

    @Test func aMemberThatOnlyOneNodeKnowsSpreadsByItself() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        let joiner = mesh.add("c", seeds: ["a"])
        // The joiner learns of nobody but its seed, and nobody but the seed learns of the joiner.
        var isDeaf = true
        mesh.losesControl = { from, to, message in
            if case .heartbeat = message { return false }
            return isDeaf && (from === members[1] || to === members[1])
        }
        mesh.start(joiner)
        mesh.run(for: .seconds(2))
        isDeaf = false
        #expect(mesh.run(within: .seconds(8)) { members[1].comings == ["+a", "+c"] })
    }

    @Test func aNodeOfAnotherVersionIsRefusedWithAReason() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a")
        let stranger = mesh.add("new", seeds: ["a"], versions: VersionRange(oldest: 2, newest: 3))
        mesh.start(stranger)
        mesh.run(for: .seconds(1))
        guard case .failure(let error) = stranger.joined else {
            Issue.record("not refused")
            return
        }
        #expect(error.code == .rejected)
        #expect(error.message.contains("2 to 3"))
        #expect(members[0].mesh.counters.rejected == 1)
        #expect(members[0].comings.isEmpty)
    }

    @Test func aFullMeshTakesNobody() {
        let mesh = SimulatedMesh()
        let first = mesh.add("a") { $0.members = 2 }
        mesh.start(first)
        let second = mesh.add("b", seeds: ["a"])
        mesh.start(second)
        mesh.run(for: .seconds(1))
        let third = mesh.add("c", seeds: ["a"])
        mesh.start(third)
        mesh.run(for: .seconds(1))
        #expect(second.mesh.hasJoined)
        guard case .failure(let error) = third.joined else {
            Issue.record("taken in")
            return
        }
        #expect(error.message.contains("full"))
    }

    @Test func aSilentMemberDoesNotHoldUpWhoJoins() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        mesh.kill(members[1])
        mesh.run(for: .seconds(4))
        let joiner = mesh.add("c", seeds: ["a"])
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(1)) { joiner.mesh.hasJoined })
    }

    @Test func subscriptionsThatComeBeforeTheHelloAreRemembered() {
        let mesh = SimulatedMesh()
        let members = mesh.joined("a", "b")
        let joiner = mesh.add("c", seeds: ["a"])
        var isFirst = true
        mesh.losesControl = { from, to, message in
            guard case .hello = message, from === joiner, to === members[1], isFirst else { return false }
            isFirst = false
            return true
        }
        mesh.start(joiner)
        #expect(mesh.run(within: .seconds(3)) { joiner.mesh.hasJoined })
        #expect(!isFirst)
    }
}
