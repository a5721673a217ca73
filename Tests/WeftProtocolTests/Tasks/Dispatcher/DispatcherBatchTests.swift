// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// What comes together is decided, written and said together.
struct DispatcherBatchTests {
    private typealias Scene = DispatcherScene

    private static func changes(_ actions: [DispatcherAction]) -> [LedgerChange] {
        var changes: [LedgerChange] = []
        for case .persist(let more) in actions { changes += more }
        return changes
    }

    private static func accept(_ count: Int, in scene: inout Scene) -> [Result<TaskState, TaskRefusal>] {
        let intake = (0..<count).map { TaskIntake(TaskSubmission(id: "t\($0)", payload: .null), tag: 7) }
        let (answers, actions) = scene.dispatcher.accept(intake, at: scene.now)
        scene.note(actions)
        return answers
    }

    @Test func whatIsAcceptedAndDealtAtOnceIsWrittenOnce() {
        var scene = Scene()
        scene.register(slots: 10)
        #expect(Self.accept(5, in: &scene) == Array(repeating: .success(.queued), count: 5))
        let states = Self.changes(scene.last).map { change -> TaskState? in
            if case .accepted(let record) = change { record.status.state } else { nil }
        }
        #expect(states == Array(repeating: .leased, count: 5))
        #expect(scene.sent().count == 1)
        #expect(scene.deals == [Scene.one: (0..<5).map { "t\($0)/1" }])
        // Whoever handed them in together is answered, and needs no announcements.
        let announced = scene.last.count { if case .announce(.accepted) = $0 { true } else { false } }
        #expect(announced == 0)
    }

    @Test func aResultThatComesBeforeTheWordOfTheBeginningIsWrittenOnce() {
        var scene = Scene()
        scene.register(slots: 10)
        _ = Self.accept(3, in: &scene)
        let endings = (0..<3).map { TaskEnding(scene.reference("t\($0)"), .completed(TaskResult(.int(Int64($0))))) }
        scene.say(.results(endings))
        let statuses = Self.changes(scene.last).compactMap(\.status)
        #expect(statuses.map(\.state) == [.completed, .completed, .completed])
        #expect(statuses.map(\.hasBegun) == [true, true, true])
        #expect(scene.sent() == [.acknowledged(endings.map(\.reference))])
        let tags = scene.last.compactMap { action -> UInt64? in
            if case .announce(.ended(_, let tag)) = action { tag } else { nil }
        }
        #expect(tags == [7, 7, 7])
    }

    @Test func messagesThatComeTogetherAreDecidedTogether() {
        var scene = Scene()
        scene.register(slots: 10)
        _ = Self.accept(2, in: &scene)
        scene.note(
            scene.dispatcher.received(
                [
                    (.started([scene.reference("t0"), scene.reference("t1")]), Scene.one),
                    (.result(scene.reference("t1"), .completed(TaskResult("x"))), Scene.one),
                ], at: scene.now))
        #expect(Self.changes(scene.last).compactMap(\.status?.state) == [.running, .completed])
        let writes = scene.last.count { if case .persist = $0 { true } else { false } }
        #expect(writes == 1)
    }

    /// That a worker has lost a task must be in the ledger before another one is said to have it.
    @Test func whatIsGivenBackAndDealtAnewIsWrittenTwice() {
        var scene = Scene()
        scene.register(slots: 10)
        _ = Self.accept(1, in: &scene)
        scene.start("t0")
        scene.register(Scene.two, slots: 10)
        scene.say(.goodbye(returned: [scene.reference("t0")]))
        #expect(Self.changes(scene.last).compactMap(\.status?.state) == [.queued, .leased])
        #expect(scene.deals == [Scene.two: ["t0/2"]])
    }

    @Test func asManyEndsAreRememberedAsWasSaid() {
        var memory = DispatcherMemory(limit: 10)
        for index in 0..<100 {
            memory["t\(index)"] = DispatcherFinished(LedgerStatus(acceptedAt: .distantPast))
            for known in max(0, index - 9)...index { #expect(memory["t\(known)"] != nil) }
            if index >= 20 { #expect(memory["t\(index - 20)"] == nil) }
        }
        memory["t99"] = nil
        #expect(memory["t99"] == nil)
    }
}
