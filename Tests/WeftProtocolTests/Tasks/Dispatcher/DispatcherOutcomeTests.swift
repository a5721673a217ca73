// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherOutcomeTests {
    private typealias Scene = DispatcherScene

    @Test func executingIsReportedWhenAWorkerHasBegunAndOnlyOnce() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        #expect(scene.reports.isEmpty)
        scene.start("a")
        #expect(scene.reports == [ReportItem(taskID: "a", agentID: "x", content: .executing)])
        scene.start("a")
        #expect(scene.reports.isEmpty)
        scene.note(scene.dispatcher.lost(Scene.one, reason: "killed", at: scene.now))
        scene.register(Scene.two)
        scene.start("a", 2, by: Scene.two)
        #expect(scene.state("a") == .running)
        #expect(scene.reports.isEmpty)
    }

    @Test func aResultIsWrittenThenAcknowledgedThenReported() throws {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.finish("a")
        let kinds = scene.last.map { action in
            switch action {
            case .persist: "persist"
            case .send(_, .acknowledged): "acknowledge"
            case .report: "report"
            case .announce: "announce"
            default: "other"
            }
        }
        #expect(kinds == ["persist", "acknowledge", "report", "announce"])
        let stored = try #require(scene.ledger["a"])
        #expect(stored.status.state == .completed)
        #expect(stored.status.outcome == .completed(TaskResult("done a")))
        guard case .persist(let changes) = scene.last.first else { return }
        #expect(changes.contains { if case .report = $0 { true } else { false } })
    }

    @Test func aResultThatComesTwiceIsAcceptedOnce() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.finish("a")
        scene.finish("a", 1, .completed(TaskResult("other")))
        #expect(scene.last == [.send(Scene.one, .acknowledged([scene.reference("a")]))])
        #expect(scene.dispatcher.counters.repeatedResults == 1)
        #expect(scene.ledger["a"]?.status.outcome == .completed(TaskResult("done a")))
    }

    @Test func theResultOfASupersededAttemptIsDroppedAndTheWorkerTold() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.note(scene.dispatcher.lost(Scene.one, reason: "killed", at: scene.now))
        scene.register(Scene.two)
        #expect(scene.deals == [Scene.two: ["a/2"]])
        scene.register(Scene.one, session: 2)
        scene.finish("a", 1)
        #expect(scene.last == [.send(Scene.one, .superseded([scene.reference("a")]))])
        #expect(scene.dispatcher.counters.stale == 1)
        #expect(scene.state("a") == .leased)
        scene.finish("a", 2, by: Scene.two)
        #expect(scene.ended.map(\.status.attempt) == [2])
    }

    @Test func theResultOfAnOlderEpochIsDropped() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.say(.result(scene.reference("a", 1, epoch: 0), .completed(TaskResult("old"))))
        #expect(scene.dispatcher.counters.stale == 1)
        #expect(scene.state("a") == .leased)
    }

    @Test func aStrangersWordsAreCountedAndDropped() {
        var scene = Scene()
        scene.accept("a")
        scene.finish("a", by: Scene.node(9))
        #expect(scene.last.isEmpty)
        #expect(scene.dispatcher.counters.strangers == 1)
    }

    @Test func aResultThatIsTooLargeIsAFailure() {
        var scene = Scene { $0.maximumResultBytes = 100 }
        scene.register()
        scene.accept("a")
        scene.finish("a", 1, .completed(TaskResult(.string(String(repeating: "x", count: 200)))))
        #expect(scene.ended.map(\.status.state) == [.dead])
        #expect(scene.dispatcher.counters.oversizedResults == 1)
    }

    @Test func aStatusTheHandlerChoseIsReported() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.finish("a", 1, .completed(TaskResult("no", status: "failed", usedTools: ["search"])))
        #expect(
            scene.reports.map(\.content) == [
                .final(status: "failed", result: "no", tokens: nil, usedTools: ["search"], format: nil, task: nil)
            ])
    }

    @Test func tokensBringTheTaskAlongForTheMetrics() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.finish("a", 1, .completed(TaskResult("no", tokens: ["prompt_tokens": 3])))
        guard case .final(_, _, let tokens, _, _, let task)? = scene.reports.first?.content else {
            Issue.record("no final report")
            return
        }
        #expect(tokens == ["prompt_tokens": 3])
        #expect(task == "a")
    }
}
