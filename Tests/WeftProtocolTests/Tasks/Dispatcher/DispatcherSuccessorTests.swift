// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// Tasks that wait for others to complete.
struct DispatcherSuccessorTests {
    private typealias Scene = DispatcherScene

    @Test func aTaskBeginsWhenAllThatItComesAfterHaveCompleted() {
        var scene = Scene()
        scene.register(slots: 5)
        scene.accept("a")
        scene.accept("b")
        scene.submit(TaskSubmission(id: "c", payload: .null, after: ["a", "b"]))
        #expect(scene.deals.isEmpty)
        #expect(scene.ledger["c"]?.status.awaits == ["a", "b"])
        scene.finish("b")
        #expect(scene.deals.isEmpty)
        #expect(scene.ledger["c"]?.status.awaits == ["a"])
        scene.start("a")
        scene.finish("a")
        #expect(scene.deals == [Scene.one: ["c/1"]])
        guard case .persist(let changes)? = scene.last.first else { return }
        #expect(changes.count { if case .status = $0 { true } else { false } } == 3)
    }

    @Test func whatHasCompletedBeforeIsNotWaitedFor() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.finish("a")
        scene.submit(TaskSubmission(id: "b", payload: .null, after: ["a"]))
        #expect(scene.deals == [Scene.one: ["b/1"]])
        var later = Scene()
        later.register()
        later.submit(
            TaskSubmission(id: "b", payload: .null, after: ["a"]),
            predecessors: ["a": scene.ledger["a"]].compactMapValues(\.self))
        #expect(later.deals == [Scene.one: ["b/1"]])
    }

    @Test(arguments: [TaskState.dead, .cancelled, .expired])
    func whenOneEndsOtherwiseWhatComesAfterItIsADeadLetterThatNamesIt(state: TaskState) throws {
        var scene = Scene()
        scene.submit(TaskSubmission(id: "a", payload: .null, waitLimit: .seconds(5)))
        scene.submit(TaskSubmission(id: "b", source: .platform, agentID: "x", payload: .null, after: ["a"]))
        scene.submit(TaskSubmission(id: "c", payload: .null, after: ["b"]))
        switch state {
        case .expired: scene.advance(.seconds(5))
        case .cancelled: scene.note(scene.dispatcher.cancel("a", reason: "no", at: scene.now))
        default:
            scene.register()
            scene.finish("a", 1, .failed(TaskFailure("boom")))
        }
        #expect(scene.ended.map(\.task.id) == ["a", "b", "c"])
        #expect(scene.ended.map(\.status.state) == [state, .dead, .dead])
        guard case .failed(let failure)? = scene.ledger["b"]?.status.outcome else { return }
        #expect(failure.message.contains("Task a"))
        #expect(failure.message.contains(state.rawValue))
        #expect(scene.reports.count == 1)
        #expect(scene.dispatcher.unfinishedCount == 0)
    }

    @Test func aLongChainEndsWithoutATrap() {
        var scene = Scene()
        scene.accept("t0")
        for index in 1..<5000 {
            _ = scene.dispatcher.accept(
                TaskSubmission(id: "t\(index)", payload: .null, after: ["t\(index - 1)"]), stored: nil, at: scene.now)
        }
        scene.note(scene.dispatcher.cancel("t0", reason: "no", at: scene.now))
        #expect(scene.ended.count == 5000)
    }

    @Test func onlyKnownTasksCanBeComeAfterSoThereAreNoCircles() {
        var scene = Scene()
        scene.submit(TaskSubmission(id: "a", payload: .null, after: ["b"]))
        #expect(scene.refusal?.code == .invalid)
        #expect(scene.refusal?.message.contains("Task b") == true)
        scene.submit(TaskSubmission(id: "a", payload: .null, after: ["a"]))
        #expect(scene.refusal?.code == .invalid)
        scene.accept("b")
        scene.note(scene.dispatcher.cancel("b", reason: "no", at: scene.now))
        scene.submit(TaskSubmission(id: "a", payload: .null, after: ["b"]))
        #expect(scene.refusal?.message.contains("cancelled") == true)
    }

    @Test func waitingForOthersIsKeptAcrossARestart() {
        var before = Scene()
        before.register()
        before.accept("a")
        before.submit(TaskSubmission(id: "b", payload: .null, waitLimit: .seconds(20), after: ["a"]))
        var scene = before.restarted(after: .seconds(100))
        scene.register(session: 2, held: [before.reference("a")])
        #expect(scene.deals.isEmpty)
        scene.say(.result(scene.reference("a", 1, epoch: 2), .completed(TaskResult(.null))))
        #expect(scene.deals == [Scene.one: ["b/1"]])
    }

    @Test func itsTimeToWaitBeginsWhenItMayBegin() {
        var scene = Scene()
        scene.accept("a", queue: "x")
        scene.submit(TaskSubmission(id: "b", payload: .null, waitLimit: .seconds(5), after: ["a"]))
        scene.register(Scene.one, queues: ["x"])
        scene.live(.seconds(10), holding: [scene.reference("a")])
        #expect(scene.state("b") == .queued)
        scene.finish("a")
        scene.live(.milliseconds(4500))
        #expect(scene.state("b") == .queued)
        scene.live(.milliseconds(500))
        #expect(scene.ledger["b"]?.status.state == .expired)
    }

    @Test func aTaskThatIsCancelledWaitsForNobody() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.submit(TaskSubmission(id: "b", payload: .null, after: ["a"]))
        scene.note(scene.dispatcher.cancel("b", reason: "no", at: scene.now))
        #expect(scene.ended.map(\.task.id) == ["b"])
        scene.finish("a")
        #expect(scene.ended.map(\.task.id) == ["a"])
        #expect(scene.deals.isEmpty)
    }

    @Test func oneThatWaitsForSomethingNobodyKnowsAnyMoreIsADeadLetter() {
        var record = TaskRecord(
            task: TaskSubmission(id: "b", payload: .null, after: ["a"]),
            status: LedgerStatus(acceptedAt: Date(timeIntervalSince1970: 1_800_000_000)))
        record.status.awaits = ["a"]
        let scene = Scene(
            state: LedgerState(epoch: TaskEpoch(ledgerID: "test", counter: 2), unfinished: [record]))
        #expect(scene.ended.map(\.status.state) == [.dead])
    }
}
