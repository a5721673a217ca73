// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherRequeueTests {
    private typealias Scene = DispatcherScene

    /// A scene with one dead letter of the platform, which it has not been told of yet.
    private static func sceneWithDeadLetter() -> Scene {
        var scene = Scene()
        scene.register()
        scene.submit(
            TaskSubmission(id: "a", source: .platform, agentID: "x", payload: .null, totalLimit: .seconds(60)))
        scene.start("a")
        scene.finish("a", 1, .failed(TaskFailure("boom")))
        return scene
    }

    @Test func aDeadLetterRunsAgainUnderItsNextAttemptAndCompletes() throws {
        var scene = Self.sceneWithDeadLetter()
        let dead = try #require(scene.ledger["a"])
        scene.note(scene.dispatcher.requeue(dead, at: scene.now))
        guard case .persist(let changes) = scene.last.first else {
            Issue.record("nothing was written first: \(scene.last)")
            return
        }
        #expect(changes.contains { if case .accepted(let record) = $0 { record.status.requeues == 1 } else { false } })
        #expect(scene.deals == [Scene.one: ["a/2"]])
        #expect(scene.last.contains(.announce(.requeued(id: "a"))))
        let status = try #require(scene.ledger["a"]?.status)
        #expect(status.handlerFailures == 0)
        #expect(status.outcome == nil)
        #expect(status.history.map(\.error) == ["boom"])
        scene.start("a", 2)
        #expect(scene.reports.isEmpty)
        // The end of the first life is over: what its worker still says is not the second one's.
        scene.finish("a", 1)
        #expect(scene.state("a") == .running)
        scene.finish("a", 2)
        #expect(scene.ended.map(\.status.state) == [.completed])
        #expect(scene.ended.first?.status.history.map(\.attempt) == [1, 2])
        #expect(scene.reports.map(\.id) == ["a/final/1"])
    }

    @Test func theFormerEndIsNotReportedAnyMore() throws {
        var scene = Self.sceneWithDeadLetter()
        #expect(scene.dispatcher.unreportedCount == 1)
        scene.note(scene.dispatcher.requeue(try #require(scene.ledger["a"]), at: scene.now))
        #expect(scene.dispatcher.unreportedCount == 0)
        #expect(scene.last.contains(.withdraw(taskID: "a", reportID: "a/final")))
        guard case .persist(let changes) = scene.last.first else { return }
        #expect(changes.contains(.reported(id: "a/final")))
    }

    @Test func limitsBeginAnew() throws {
        var scene = Self.sceneWithDeadLetter()
        scene.live(.seconds(100))
        scene.note(scene.dispatcher.requeue(try #require(scene.ledger["a"]), at: scene.now))
        scene.live(.seconds(59), holding: [scene.reference("a", 2)])
        #expect(scene.state("a") == .leased)
        scene.live(.seconds(2), holding: [scene.reference("a", 2)])
        #expect(scene.dispatcher.entries["a"]?.isExpiring == true)
    }

    @Test func aTaskThatWaitsForItsTimeNeedWaitNoLonger() throws {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.finish("a", 1, .failed(TaskFailure("later", retry: .at(scene.now.date.addingTimeInterval(600)))))
        scene.note(scene.dispatcher.requeue(try #require(scene.dispatcher.record(of: "a")), at: scene.now))
        #expect(scene.deals == [Scene.one: ["a/2"]])
        scene.submit(TaskSubmission(id: "b", payload: .null, notBefore: scene.now.date.addingTimeInterval(600)))
        scene.note(scene.dispatcher.requeue(try #require(scene.dispatcher.record(of: "b")), at: scene.now))
        #expect(scene.deals == [Scene.one: ["b/1"]])
        scene.live(.seconds(700), holding: [scene.reference("a", 2), scene.reference("b")])
        #expect(scene.dispatcher.counters.dealt == 3)
    }

    @Test func whatRunsOrHasCompletedIsNotQueuedAgain() throws {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        let running = try #require(scene.dispatcher.record(of: "a"))
        scene.note(scene.dispatcher.requeue(running, at: scene.now))
        #expect(scene.refusal?.code == .invalid)
        #expect(scene.refusal?.message.contains("leased") == true)
        scene.finish("a")
        scene.note(scene.dispatcher.requeue(try #require(scene.ledger["a"]), at: scene.now))
        #expect(scene.refusal?.message.contains("completed") == true)
        // Even with a record that was read before its end.
        scene.note(scene.dispatcher.requeue(running, at: scene.now))
        #expect(scene.refusal?.code == .invalid)
        #expect(scene.dispatcher.counters.requeued == 0)
    }

    @Test(arguments: [TaskState.cancelled, .expired])
    func whatWasCancelledOrExpiredRunsAgain(state: TaskState) throws {
        var scene = Scene()
        scene.submit(TaskSubmission(id: "a", payload: .null, waitLimit: .seconds(1)))
        if state == .cancelled {
            scene.note(scene.dispatcher.cancel("a", reason: "no", at: scene.now))
        } else {
            scene.advance(.seconds(1))
        }
        #expect(scene.ended.map(\.status.state) == [state])
        scene.note(scene.dispatcher.requeue(try #require(scene.ledger["a"]), at: scene.now))
        scene.register()
        #expect(scene.deals == [Scene.one: ["a/1"]])
        #expect(scene.dispatcher.record(of: "a")?.status.cancelReason == nil)
    }

    @Test func aDeadLetterIsDroppedAndNothingElse() throws {
        var scene = Self.sceneWithDeadLetter()
        let dead = try #require(scene.ledger["a"])
        scene.note(scene.dispatcher.drop(dead, at: scene.now))
        #expect(scene.last == [.persist([.removed(id: "a")]), .announce(.dropped(id: "a"))])
        scene.accept("b")
        scene.note(scene.dispatcher.drop(try #require(scene.dispatcher.record(of: "b")), at: scene.now))
        #expect(scene.refusal?.code == .invalid)
        #expect(scene.dispatcher.counters.dropped == 1)
    }
}
