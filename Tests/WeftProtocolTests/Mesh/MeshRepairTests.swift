// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftProtocol
import WeftTestKit

struct MeshRepairTests {
    @Test func whatAPeerMissedComesFromItsOriginOnceAndInOrder() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, to, _ in to === nodes[1] }
        mesh.emit(nodes[0], 4)
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, _, _ in false }
        mesh.emit(nodes[0], 2)
        // No heartbeat is needed: the first event beyond the hole shows it.
        mesh.run(for: .milliseconds(10))
        #expect(nodes[1].heard(from: nodes[0]) == Array(1...9))
        #expect(nodes[1].gaps.isEmpty)
        #expect(nodes[1].mesh.counters.repairedByOrigin == 4)
        #expect(nodes[2].mesh.counters.fetches == 0)
    }

    /// As over a slow cable, on which an answer takes longer than it is waited for.
    @Test(arguments: [600, 900, 1_500])
    func answersThatComeLateCloseTheHoleAllTheSame(latency: Int) {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, to, _ in to === nodes[1] }
        mesh.emit(nodes[0], 4)
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, _, _ in false }
        mesh.latency = .milliseconds(latency)
        mesh.emit(nodes[0], 2)
        #expect(mesh.run(within: .seconds(20)) { nodes[1].heard(from: nodes[0]) == Array(1...9) })
        #expect(nodes[1].gaps.isEmpty)
    }

    @Test func aLostEndOfAStreamIsFetchedAfterAFewHeartbeats() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, _, _ in true }
        mesh.emit(nodes[0], 2)
        #expect(mesh.run(within: .seconds(5)) { nodes[1].heard(from: nodes[0]) == Array(1...5) })
        #expect(nodes[1].gaps.isEmpty)
    }

    @Test func whatTheOriginNoLongerHoldsComesFromAnotherMember() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.replayWindow = 500 }
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"])
        let c = mesh.add("c", seeds: ["a"])
        for node in [b, c] { mesh.start(node) }
        mesh.run(for: .seconds(1))
        mesh.losesPublished = { _, to, _ in to === b }
        mesh.emit(a, 20)
        mesh.run(for: .seconds(2))
        mesh.losesPublished = { _, _, _ in false }
        mesh.emit(a)
        #expect(mesh.run(within: .seconds(3)) { b.heard(from: a) == Array(1...21) })
        #expect(b.mesh.counters.repairedByOthers > 0)
        #expect(b.gaps.isEmpty)
    }

    @Test func whatNobodyHoldsIsAnnouncedOnceAndExactly() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.replayWindow = 500 }
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"])
        mesh.start(b)
        mesh.run(for: .seconds(1))
        mesh.emit(a, 2)
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, _, _ in true }
        mesh.emit(a, 20)
        mesh.losesPublished = { _, _, _ in false }
        mesh.emit(a)
        mesh.run(for: .seconds(5))
        let heard = b.heard(from: a)
        let gap = b.gaps.first
        #expect(b.gaps.count == 1)
        #expect(gap?.first == 3)
        #expect(heard == [1, 2] + Array(((gap?.last ?? 0) + 1)...23))
        #expect(b.mesh.counters.missed == 23 - UInt64(heard.count))
        #expect(b.mesh.counters.gaps == 1)
    }

    @Test func survivorsConvergeOnTheFarthestThatAnyOfThemReceived() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, to, _ in to !== nodes[2] }
        mesh.emit(nodes[0], 4)
        mesh.run(for: .milliseconds(2))
        mesh.kill(nodes[0])
        mesh.run(for: .seconds(15))
        for node in nodes[1...] {
            #expect(node.heard(from: nodes[0]) == Array(1...7))
            #expect(node.gaps.isEmpty)
        }
    }

    @Test func aHoleThatDiedWithItsOriginIsGivenUpAfterAWhile() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(10))
        // Its answers to fetches get lost, too.
        mesh.losesControl = { from, _, message in
            guard case .repair = message else { return false }
            return from === nodes[0]
        }
        mesh.losesPublished = { _, _, _ in true }
        mesh.emit(nodes[0], 4)
        mesh.losesPublished = { _, _, _ in false }
        mesh.emit(nodes[0], 2)
        mesh.run(for: .milliseconds(100))
        mesh.kill(nodes[0])
        mesh.run(for: .seconds(20))
        #expect(nodes[1].gaps.isEmpty)
        mesh.run(for: .seconds(40))
        for node in nodes[1...] {
            #expect(node.gaps == [.init(origin: nodes[0].id, first: 4, last: 7)])
            #expect(node.heard(from: nodes[0]) == [1, 2, 3, 8, 9])
        }
    }

    @Test func bothSidesOfAHealedCutHaveEverything() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c", "d", "e")
        mesh.cut(Array(nodes[..<2]), from: Array(nodes[2...]))
        for _ in 0..<20 {
            for node in nodes { mesh.emit(node, 5) }
            mesh.run(for: .seconds(1))
        }
        mesh.heal()
        for _ in 0..<10 {
            for node in nodes { mesh.emit(node, 5) }
            mesh.run(for: .seconds(1))
        }
        #expect(
            mesh.run(within: .seconds(60)) {
                nodes.allSatisfy { node in nodes.allSatisfy { node.heard(from: $0) == Array(1...150) } }
            })
        for node in nodes { #expect(node.gaps.isEmpty) }
    }

    @Test func theEndOfAStreamThatWasLostWithAGoodbyeComesFromAnotherMember() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.emit(nodes[0])
        mesh.run(for: .milliseconds(10))
        mesh.losesPublished = { _, to, _ in to === nodes[1] }
        mesh.emit(nodes[0], 2)
        // What the third has received is known with its next heartbeat.
        mesh.run(for: .milliseconds(1_200))
        mesh.leave(nodes[0])
        mesh.run(for: .seconds(5))
        #expect(nodes[1].heard(from: nodes[0]) == [1, 2, 3])
        #expect(nodes[1].gaps.isEmpty)
        #expect(nodes[1].comings.contains("-a(left)"))
    }

    @Test func ofWhoSaidGoodbyeOnlyWhatNobodyHoldsIsGivenUp() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.replayWindow = 0 }
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"])
        let c = mesh.add("c", seeds: ["a"])
        for node in [b, c] { mesh.start(node) }
        mesh.run(for: .seconds(1))
        mesh.losesPublished = { _, to, frame in
            guard case .batch(let batch) = frame else { return false }
            return batch.first == 2 || batch.first == 4 && to === b
        }
        mesh.emit(a, 5)
        mesh.leave(a)
        mesh.run(for: .seconds(8))
        #expect(b.heard(from: a) == [1, 3, 4, 5])
        #expect(b.gaps == [.init(origin: a.id, first: 2, last: 2)])
        #expect(c.gaps == b.gaps)
        for node in [b, c] { #expect(node.comings.last == "-a(left)") }
    }

    @Test func whoWasCutOffWhenAnOriginLeftGetsTheEndOfItsStreamLater() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.emit(nodes[0])
        mesh.run(for: .milliseconds(10))
        mesh.cut([nodes[1]], from: [nodes[0], nodes[2]])
        mesh.emit(nodes[0], 2)
        mesh.leave(nodes[0])
        mesh.run(for: .seconds(30))
        #expect(nodes[2].comings.last == "-b(dead)")
        mesh.heal()
        #expect(mesh.run(within: .seconds(20)) { nodes[1].heard(from: nodes[0]) == [1, 2, 3] })
        #expect(nodes[1].gaps.isEmpty)
        // It is not kept for ever.
        mesh.run(for: MeshDefaults.deadTombstone)
        #expect(nodes[2].mesh.windowBytes.received == 0)
    }

    @Test func whoseBusIsBehindGivesNothingUpThatOthersHold() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.losesPublished = { _, to, _ in to === nodes[1] }
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(10))
        mesh.act(nodes[1]) { machine, _ in
            machine.setReading(false)
            return []
        }
        mesh.leave(nodes[0])
        mesh.run(for: .seconds(40))
        mesh.act(nodes[1]) { machine, _ in
            machine.setReading(true)
            return []
        }
        #expect(mesh.run(within: .seconds(5)) { nodes[1].heard(from: nodes[0]) == [1, 2, 3] })
        #expect(nodes[1].gaps.isEmpty)
    }

    @Test func oneHoleAfterTheOtherIsNotWaitedForAnew() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.replayWindow = 0 }
        mesh.start(a)
        let others = ["b", "c"].map { mesh.add($0, seeds: ["a"]) }
        for node in others { mesh.start(node) }
        mesh.run(for: .seconds(1))
        mesh.losesPublished = { _, _, frame in
            if case .batch(let batch) = frame { batch.first.isMultiple(of: 2) } else { false }
        }
        mesh.emit(a, 41)
        #expect(mesh.run(within: .seconds(4)) { others.allSatisfy { $0.gaps.count == 20 } })
        for node in others { #expect(node.heard(from: a).count == 21) }
    }

    @Test func aLateJoinerGetsWhatIsFoundLaterOfAnOriginThatWasGone() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.emit(nodes[0], 3)
        mesh.run(for: .milliseconds(10))
        mesh.cut([nodes[1]], from: [nodes[2]])
        mesh.losesPublished = { _, to, _ in to === nodes[2] }
        mesh.emit(nodes[0], 2)
        mesh.run(for: .milliseconds(2))
        mesh.kill(nodes[0])
        mesh.run(for: .seconds(15))
        mesh.losesPublished = { _, _, _ in false }
        let late = mesh.add("d", seeds: ["c"])
        mesh.start(late)
        mesh.run(for: .seconds(2))
        #expect(late.history.map(\.sequence) == [1, 2, 3])
        mesh.heal()
        let survivors = [nodes[2], late]
        #expect(mesh.run(within: .seconds(60)) { survivors.allSatisfy { $0.heard(from: nodes[0]).last == 5 } })
        #expect(late.heard(from: nodes[0]) == [4, 5])
        #expect(nodes[2].heard(from: nodes[0]) == Array(1...5))
        #expect(late.gaps.isEmpty)
    }

    @Test func windowsStayWithinTheirBounds() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.replayWindow = 10_000 }
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"]) { $0.receivedWindows = 5_000 }
        mesh.start(b)
        mesh.run(for: .seconds(1))
        for _ in 0..<100 {
            mesh.emit(a, 10)
            mesh.run(for: .milliseconds(1))
        }
        mesh.run(for: .seconds(1))
        #expect(b.heard(from: a) == Array(1...1_000))
        #expect((5_000...10_000).contains(a.mesh.windowBytes.own))
        #expect((2_000...5_000).contains(b.mesh.windowBytes.received))
    }

    @Test func whatFindsNoRoomToWaitIsFetchedLater() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a")
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"]) { $0.aheadBytes = 200 }
        mesh.start(b)
        mesh.run(for: .seconds(1))
        mesh.losesControl = { _, _, message in if case .repair = message { true } else { false } }
        mesh.losesPublished = { _, _, frame in if case .batch(let batch) = frame { batch.first == 1 } else { false } }
        mesh.emit(a, 20)
        mesh.run(for: .milliseconds(10))
        #expect(b.mesh.counters.heldOverflowed > 0)
        #expect((1...200).contains(b.mesh.aheadBytes))
        mesh.losesControl = { _, _, _ in false }
        #expect(mesh.run(within: .seconds(5)) { b.heard(from: a) == Array(1...20) })
        #expect(b.gaps.isEmpty)
    }

    @Test func whoJoinsABusyMeshHoldsOnlySoMuchAndFetchesTheRest() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a")
        mesh.start(a)
        mesh.losesControl = { _, _, message in if case .snapshot = message { true } else { false } }
        let b = mesh.add("b", seeds: ["a"]) { $0.aheadBytes = 200 }
        mesh.start(b)
        mesh.run(for: .seconds(1))
        mesh.emit(a, 20)
        mesh.run(for: .milliseconds(10))
        #expect(!b.mesh.hasJoined)
        #expect((1...200).contains(b.mesh.heldBytes))
        #expect(b.mesh.counters.heldOverflowed > 0)
        #expect(mesh.run(within: .seconds(40)) { b.heard(from: a) == Array(1...20) })
        #expect(b.mesh.heldBytes == 0 && b.gaps.isEmpty)
    }

    @Test func whoHasSentEnoughForNowPutsAFetchOff() {
        let mesh = SimulatedMesh()
        let a = mesh.add("a") { $0.repairBytesPerTick = 0 }
        mesh.start(a)
        let b = mesh.add("b", seeds: ["a"])
        mesh.start(b)
        mesh.run(for: .seconds(1))
        mesh.losesPublished = { _, _, frame in if case .batch(let batch) = frame { batch.first < 3 } else { false } }
        mesh.emit(a, 4)
        mesh.run(for: .seconds(5))
        // It is asked again, but not at once, and being busy is no reason to give anything up.
        #expect((4...25).contains(a.mesh.counters.fetchesPutOff))
        #expect(b.heard(from: a).isEmpty && b.gaps.isEmpty)
    }

    @Test func aFetchThatIsNotAnsweredGoesToSomebodyElse() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b", "c")
        mesh.losesControl = { from, _, message in
            guard case .repair = message else { return false }
            return from === nodes[0]
        }
        mesh.losesPublished = { _, to, _ in to === nodes[1] }
        mesh.emit(nodes[0], 4)
        mesh.run(for: .milliseconds(1_500))
        mesh.losesPublished = { _, _, _ in false }
        mesh.emit(nodes[0])
        #expect(mesh.run(within: .seconds(3)) { nodes[1].heard(from: nodes[0]) == Array(1...5) })
        #expect(nodes[1].mesh.counters.repairedByOthers == 4)
        #expect(nodes[1].mesh.counters.fetchesUnanswered >= 1)
    }

    @Test func aReaderThatIsBehindFetchesNothing() {
        let mesh = SimulatedMesh()
        let nodes = mesh.joined("a", "b")
        mesh.act(nodes[1]) { machine, _ in
            machine.setReading(false)
            return []
        }
        mesh.losesPublished = { _, _, frame in
            if case .batch(let batch) = frame { return batch.first < 3 }
            return false
        }
        mesh.emit(nodes[0], 4)
        mesh.run(for: .seconds(8))
        #expect(nodes[1].mesh.counters.fetches == 0)
        mesh.act(nodes[1]) { machine, _ in
            machine.setReading(true)
            return []
        }
        #expect(mesh.run(within: .seconds(3)) { nodes[1].heard(from: nodes[0]) == [1, 2, 3, 4] })
    }
}
