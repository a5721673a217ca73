// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// What is said of a task's beginning, and what a coordinator that was restarted makes of its workers.
struct DispatcherReturnTests {
    private typealias Scene = DispatcherScene

    @Test func theReportOfABeginningOutlivesTheCoordinatorUntilItIsTaken() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        let item = ReportItem(taskID: "a", agentID: "x", content: .executing)
        guard case .persist(let changes)? = scene.last.first else { return #expect(Bool(false), "nothing is written") }
        #expect(changes.contains(.report(item)))
        // Losing it with the machine costs a word too few, not a task: no need to wait for the disk.
        #expect(!LedgerChange.report(item).mustBeDurable)
        scene.note(scene.dispatcher.reportSettled(item, at: scene.now))
        #expect(scene.last.first == .persist([.reported(id: item.id)]))
    }

    @Test func whatHasEndedHasBegunAlsoWhenTheWordOfItGotLost() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.finish("a")
        #expect(scene.reports.map(\.id) == ["a/executing", "a/final"])
        scene.accept("b", source: .platform, agentID: "x")
        scene.note(scene.dispatcher.cancel("b", reason: "stop", at: scene.now))
        scene.finish("b", 1, .cancelled(reason: "stop"))
        #expect(scene.reports.map(\.id) == ["b/final"])
    }

    @Test func aWelcomeThatGotLostIsRepeatedWithWhatTheWorkerKeeps() {
        var before = Scene()
        before.register()
        before.accept("a")
        before.start("a")
        var scene = before.restarted()
        for _ in 0..<2 {
            scene.register(session: 2, held: [scene.reference("a")])
            guard case .welcome(let welcome)? = scene.sent().first else { return #expect(Bool(false), "no welcome") }
            #expect(welcome.kept == [scene.reference("a", epoch: 2)])
        }
        #expect(scene.dispatcher.counters.reclaimed == 1)
    }

    @Test func whatAWorkerHeldThatIsKnownToBeGoneIsDealtAgainAtOnceAfterARestart() {
        var before = Scene()
        before.register()
        before.accept("a")
        before.start("a")
        var scene = before.restarted()
        scene.register(Scene.two)
        #expect(scene.deals.isEmpty)
        scene.note(scene.dispatcher.neverReturns(Scene.node(9), reason: "it fell silent", at: scene.now))
        #expect(scene.deals.isEmpty)
        scene.note(scene.dispatcher.neverReturns(Scene.one, reason: "it fell silent", at: scene.now))
        #expect(scene.deals == [Scene.two: ["a/2"]])
        #expect(scene.dispatcher.record(of: "a")?.status.workerLosses == 1)
    }
}
