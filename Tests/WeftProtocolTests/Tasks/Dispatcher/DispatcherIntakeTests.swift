// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherIntakeTests {
    private typealias Scene = DispatcherScene

    @Test func acceptedIsWrittenBeforeItIsAnnounced() {
        var scene = Scene()
        scene.accept("a")
        #expect(scene.last.count == 2)
        guard case .persist(let changes) = scene.last.first, case .accepted(let record) = changes.first else {
            Issue.record("the first action is \(String(describing: scene.last.first))")
            return
        }
        #expect(record.task.id == "a")
        #expect(record.status.state == .queued)
        #expect(scene.last.last == .announce(.accepted(id: "a")))
    }

    @Test func aLeaseIsWrittenBeforeItsDispatch() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        let persist = scene.last.firstIndex { if case .persist = $0 { true } else { false } }
        let send = scene.last.firstIndex { if case .send(_, .dispatch) = $0 { true } else { false } }
        #expect(persist == 0)
        #expect(send != nil)
        #expect(scene.ledger["a"]?.status.state == .leased)
        #expect(scene.ledger["a"]?.status.epoch == scene.dispatcher.epoch)
        #expect(scene.ledger["a"]?.status.worker == Scene.one)
    }

    @Test func aSecondDeliveryWhileItRunsIsIgnored() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.accept("a", source: .platform, agentID: "x")
        #expect(scene.last == [.announce(.repeated(id: "a", state: .running))])
        #expect(scene.dispatcher.counters.repeated == 1)
    }

    @Test func aDeliveryAfterTheEndReportsTheStoredOutcomeAgain() throws {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.finish("a")
        let report = try #require(scene.reports.first)
        scene.note(scene.dispatcher.reportSettled(report, at: scene.now))
        #expect(scene.last == [.persist([.reported(id: report.id)])])
        #expect(scene.dispatcher.mustLookUp("a"))
        let stored = try #require(scene.ledger["a"])
        scene.accept("a", source: .platform, agentID: "x", stored: stored)
        #expect(scene.reports == [report])
        #expect(scene.deals.isEmpty)
        // Once more, while the first repeat is still on its way.
        scene.accept("a", source: .platform, agentID: "x", stored: stored)
        #expect(scene.reports.isEmpty)
    }

    @Test(arguments: ["", String(repeating: "x", count: 2000)])
    func aBadIdIsRefused(id: String) {
        var scene = Scene()
        scene.accept(id)
        guard case .announce(.refused(_, let refusal)) = scene.last.first else {
            Issue.record("not refused: \(scene.last)")
            return
        }
        #expect(refusal.code == .invalid)
    }

    @Test func beyondTheBoundTasksAreRefused() {
        var scene = Scene { $0.maximumUnfinished = 2 }
        scene.accept("a")
        scene.accept("b")
        scene.accept("c")
        guard case .announce(.refused("c", let refusal)) = scene.last.first else {
            Issue.record("not refused: \(scene.last)")
            return
        }
        #expect(refusal.code == .full)
        #expect(scene.dispatcher.counters.refused == 1)
    }

    @Test func beyondTheBytesTasksAreRefusedUntilSomeEnd() {
        let payload = Value.string(String(repeating: "x", count: 1000))
        let bytes = payload.approximateBytes
        var scene = Scene { $0.maximumUnfinishedBytes = (bytes + 512) * 2 }
        func accept(_ id: String) {
            scene.note(
                scene.dispatcher.accept(TaskSubmission(id: id, payload: payload), stored: nil, at: scene.now))
        }
        accept("a")
        accept("b")
        accept("c")
        guard case .announce(.refused("c", let refusal)) = scene.last.first else {
            Issue.record("not refused: \(scene.last)")
            return
        }
        #expect(refusal.code == .full && refusal.message.contains("bytes"))
        scene.note(scene.dispatcher.cancel("a", reason: "enough", at: scene.now))
        accept("c")
        #expect(scene.dispatcher.unfinishedCount == 2 && scene.dispatcher.record(of: "c") != nil)
    }

    @Test func anOversizedTaskOfThePlatformIsReportedAsAnError() throws {
        var scene = Scene { $0.maximumTaskBytes = 10 }
        scene.note(
            scene.dispatcher.accept(
                TaskSubmission(
                    id: "big", source: .platform, agentID: "x", payload: .string(String(repeating: "x", count: 20))),
                stored: nil, at: scene.now))
        let report = try #require(scene.reports.first)
        guard case .final(let status, let text, _, _, _, _) = report.content else {
            Issue.record("not final")
            return
        }
        #expect(status == "error")
        #expect(text.contains("more than the 10 allowed"))
        #expect(scene.ledger["big"]?.status.state == .dead)
        #expect(scene.dispatcher.unfinishedCount == 0)
    }

    @Test func aTaskThatCannotBeReadIsReportedAsAnError() {
        var scene = Scene()
        scene.note(
            scene.dispatcher.acceptUnreadable(
                id: "bad", agentID: "x", reason: "no input", stored: nil, at: scene.now))
        #expect(
            scene.reports == [
                ReportItem(
                    taskID: "bad", agentID: "x",
                    content: .final(
                        status: "error", result: "no input", tokens: nil, usedTools: [], format: nil, task: nil))
            ])
    }

    @Test func drainingTakesNothingMore() {
        var scene = Scene()
        scene.accept("a")
        scene.note(scene.dispatcher.drain(at: scene.now))
        scene.accept("b")
        guard case .announce(.refused("b", let refusal)) = scene.last.first else {
            Issue.record("not refused: \(scene.last)")
            return
        }
        #expect(refusal.code == .draining)
        scene.register()
        #expect(scene.deals == [Scene.one: ["a/1"]])
    }
}
