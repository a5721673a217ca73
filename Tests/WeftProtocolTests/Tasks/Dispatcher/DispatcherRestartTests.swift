// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherRestartTests {
    private typealias Scene = DispatcherScene

    @Test func afterARestartAWorkerReclaimsWhatItHoldsAtTheNewEpoch() {
        var before = Scene()
        before.register()
        before.accept("a")
        before.start("a")
        var scene = before.restarted()
        scene.register(session: 2, held: [before.reference("a")])
        #expect(scene.dispatcher.counters.reclaimed == 1)
        guard case .persist(let changes) = scene.last.first, case .status("a", let status) = changes.first else {
            Issue.record("the lease was not rewritten: \(scene.last)")
            return
        }
        #expect(status.epoch == TaskEpoch(ledgerID: "test", counter: 2))
        // What it says in the old epoch no longer counts; in the new one it does.
        scene.say(.result(scene.reference("a", 1, epoch: 1), .completed(TaskResult("old"))))
        #expect(scene.dispatcher.counters.stale == 1)
        scene.say(.result(scene.reference("a", 1, epoch: 2), .completed(TaskResult("new"))))
        #expect(scene.ended.map(\.status.outcome) == [.completed(TaskResult("new"))])
    }

    @Test func whatIsNotReclaimedWithinTheGraceIsDealtAgain() {
        var before = Scene()
        before.register()
        before.accept("a")
        before.start("a")
        var scene = before.restarted()
        scene.register(Scene.two)
        #expect(scene.deals.isEmpty)
        scene.live(.milliseconds(14_500), workers: [Scene.two])
        #expect(scene.state("a") == .running)
        scene.live(.seconds(1), workers: [Scene.two])
        #expect(scene.dispatcher.record(of: "a")?.status.attempt == 2)
    }

    @Test func aWorkerThatComesBackWithoutItsTaskHasItDealtAgain() {
        var before = Scene()
        before.register()
        before.accept("a")
        var scene = before.restarted()
        scene.register(session: 2)
        #expect(scene.deals == [Scene.one: ["a/2"]])
    }

    @Test func afterARestartReportsAreTakenUpAgain() {
        let item = ReportItem(taskID: "a", agentID: "x", content: .executing)
        let scene = Scene(
            state: LedgerState(epoch: TaskEpoch(ledgerID: "test", counter: 2), unfinished: [], reports: [item]))
        #expect(scene.reports == [item])
    }

    @Test func aRetryWaitsForItsTimeAcrossARestart() {
        var before = Scene()
        before.register()
        before.accept("a")
        before.finish("a", 1, .failed(TaskFailure("later", retry: .at(before.now.date.addingTimeInterval(30)))))
        var scene = before.restarted()
        scene.register()
        scene.live(.seconds(29))
        #expect(scene.state("a") == .retrying)
        scene.live(.seconds(2))
        #expect(scene.state("a") == .leased)
    }

    @Test func theSameRegistrationTwiceChangesNothing() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.register()
        #expect(scene.last.count == 1)
        #expect(scene.state("a") == .leased)
        #expect(scene.dispatcher.counters.returns == 0)
    }

    @Test func workersBeyondTheBoundAreRefused() {
        var scene = Scene { $0.maximumWorkers = 1 }
        scene.register(Scene.one)
        scene.register(Scene.two)
        #expect(scene.last == [.announce(.workerRefused(Scene.two, reason: "there are 1 workers already"))])
        #expect(scene.dispatcher.counters.refusedWorkers == 1)
    }

    @Test func abandoningTellsTheTruthAboutTheRest() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.accept("b", source: .platform, agentID: "x")
        scene.note(scene.dispatcher.abandonAll(reason: "stopped", at: scene.now))
        #expect(scene.reports.count == 2)
        #expect(
            scene.reports.allSatisfy {
                if case .final("error", "stopped", _, _, _, _) = $0.content { true } else { false }
            })
        #expect(scene.dispatcher.unfinishedCount == 0)
    }
}
