// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherBadInputTests {
    private typealias Scene = DispatcherScene

    // MARK: - Ids

    @Test func theSameIdWithAnotherBodyIsAConflict() {
        var scene = Scene()
        scene.submit(TaskSubmission(id: "a", payload: ["n": 1]))
        scene.submit(TaskSubmission(id: "a", payload: ["n": 2]))
        #expect(scene.refusal?.code == .conflict)
        #expect(scene.refusal?.message.contains("queued") == true)
        #expect(scene.dispatcher.counters.conflicts == 1)
        #expect(scene.ledger["a"]?.task.payload == ["n": 1])
        // How often and when it may run is not what it is.
        scene.submit(TaskSubmission(id: "a", payload: ["n": 1], priority: 7, attempts: 3))
        #expect(scene.last == [.announce(.repeated(id: "a", state: .queued))])
    }

    @Test func theSameIdWithAnotherBodyIsAConflictAfterTheEndToo() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: 1))
        scene.finish("a")
        scene.submit(TaskSubmission(id: "a", name: "other", payload: 1))
        #expect(scene.refusal?.code == .conflict)
        scene.submit(TaskSubmission(id: "a", payload: 1))
        #expect(scene.last == [.announce(.repeated(id: "a", state: .completed))])
    }

    @Test func ofTwoTasksOfThePlatformTheFirstCountsAndSomeoneIsTold() {
        var scene = Scene()
        func task(_ text: String, _ status: String) -> TaskSubmission {
            TaskSubmission(
                id: "a", source: .platform, agentID: "x",
                payload: ["input": ["text": .string(text)], "status": .string(status)])
        }
        scene.submit(task("wash", "pending"))
        // What the platform itself has written since makes no other task.
        scene.submit(task("wash", "executing"))
        #expect(scene.last == [.announce(.repeated(id: "a", state: .queued))])
        scene.submit(task("dry", "pending"))
        #expect(scene.last == [.announce(.conflict(id: "a", state: .queued))])
        #expect(scene.ledger["a"]?.task.payload["input"]?["text"] == "wash")
    }

    @Test func whatEndedWhileTheLedgerWasAskedIsNotTakenTwice() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.finish("a")
        // The shell asked before the task was written, so it brings nothing along.
        scene.note(
            scene.dispatcher.accept(TaskSubmission(id: "a", payload: "a"), stored: nil, at: scene.now))
        #expect(scene.last == [.announce(.repeated(id: "a", state: .completed))])
        #expect(scene.dispatcher.unfinishedCount == 0)
    }

    static let unusable: [TaskSubmission] = [
        TaskSubmission(id: "a", queue: "", payload: .null),
        TaskSubmission(id: "a", key: "", payload: .null),
        TaskSubmission(id: "a", key: String(repeating: "k", count: 1025), payload: .null),
        TaskSubmission(id: "a", name: "", payload: .null),
        TaskSubmission(id: "a", name: String(repeating: "n", count: 1025), payload: .null),
        TaskSubmission(id: "a", agentID: String(repeating: "g", count: 1025), payload: .null),
        TaskSubmission(id: "a", payload: .null, traceParent: String(repeating: "t", count: 1025)),
        TaskSubmission(id: "a", payload: .null, waitLimit: .zero),
        TaskSubmission(id: "a", payload: .null, timeLimit: .seconds(-1)),
        TaskSubmission(id: "a", payload: .null, totalLimit: .zero),
        TaskSubmission(id: "a", payload: .null, timeLimit: TaskDefaults.longestLimit + .microseconds(1)),
        TaskSubmission(id: "a", payload: .null, totalLimit: .seconds(Int64.max)),
        TaskSubmission(id: "a", payload: .null, attempts: 1_000_001),
        TaskSubmission(id: "a", payload: .null, workerLosses: .max),
        TaskSubmission(id: "a", payload: .null, attempts: 0),
        TaskSubmission(id: "a", payload: .null, workerLosses: 0),
        TaskSubmission(id: "a", payload: .null, after: (0...100).map { "p\($0)" }),
    ]

    @Test(arguments: Self.unusable.indices)
    func whatCannotBeMeantIsRefused(index: Int) {
        var scene = Scene()
        scene.submit(Self.unusable[index])
        #expect(scene.refusal?.code == .invalid)
        #expect(scene.dispatcher.unfinishedCount == 0)
        #expect(scene.dispatcher.counters.refused == 1)
    }

    /// Else a ledger would hold what cannot be read, and could not be opened again.
    @Test func theMostThatIsAcceptedCanBeReadAgain() throws {
        var scene = Scene()
        let longest = TaskDefaults.longestLimit
        let task = TaskSubmission(
            id: "a", payload: .null, priority: .min, attempts: TaskDefaults.maximumAttempts,
            workerLosses: TaskDefaults.maximumAttempts, waitLimit: longest, timeLimit: longest, totalLimit: longest)
        scene.submit(task)
        #expect(scene.dispatcher.unfinishedCount == 1)
        let record = try #require(scene.dispatcher.record(of: "a"))
        #expect(try TaskRecord(value: record.value) == record)
    }

    @Test func aTimeFarAwayIsNoTrap() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "far", payload: .null, notBefore: .distantFuture))
        scene.submit(
            TaskSubmission(id: "old", payload: .null, notBefore: .distantPast, totalLimit: TaskDefaults.longestLimit))
        #expect(scene.deals == [Scene.one: ["old/1"]])
        scene.advance(.seconds(1))
        #expect(scene.state("far") == .queued)
    }

    // MARK: - Workers' words

    @Test func progressAndBeginningsAfterTheEndAreCountedAndChangeNothing() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.finish("a")
        scene.say(.progress(scene.reference("a"), 50))
        scene.say(.started([scene.reference("a")]))
        #expect(scene.last.isEmpty)
        #expect(scene.dispatcher.counters.late == 2)
        #expect(scene.dispatcher.counters.stale == 0)
        #expect(scene.ledger["a"]?.status.state == .completed)
    }

    @Test func theResultOfATaskThatNobodyKnowsIsCountedAndTheWorkerTold() {
        var scene = Scene()
        scene.register()
        scene.finish("ghost")
        #expect(scene.last == [.send(Scene.one, .superseded([scene.reference("ghost")]))])
        #expect(scene.dispatcher.counters.unknownResults == 1)
        #expect(scene.ledger.isEmpty)
    }

    @Test func anOversizedResultEndsTheTaskWithTheReason() {
        var scene = Scene { $0.maximumResultBytes = 1000 }
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, attempts: 5))
        scene.finish("a", 1, .completed(TaskResult(.string(String(repeating: "x", count: 2000)))))
        guard case .failed(let failure)? = scene.ended.first?.status.outcome else {
            Issue.record("not failed: \(scene.last)")
            return
        }
        #expect(failure.message.contains("more than the 1000 allowed"))
        #expect(scene.sent() == [.acknowledged([scene.reference("a")])])
    }

    @Test func everyAttemptIsInTheRecordTheLastOneToo() throws {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, attempts: 2))
        let began = scene.now.date
        scene.live(.seconds(1), holding: [scene.reference("a")])
        scene.finish("a", 1, .failed(TaskFailure("boom")))
        scene.live(.seconds(2))
        scene.finish("a", 2)
        let history = try #require(scene.ended.first?.status.history)
        #expect(history.map(\.attempt) == [1, 2])
        #expect(history.map(\.error) == ["boom", ""])
        #expect(history.first?.startedAt == began)
        #expect(history.first?.endedAt == began.addingTimeInterval(1))
        #expect(history.allSatisfy { $0.worker == Scene.one })
    }
}
