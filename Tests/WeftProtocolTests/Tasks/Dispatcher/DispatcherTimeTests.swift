// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherTimeTests {
    private typealias Scene = DispatcherScene

    // MARK: - Not before

    @Test func aTaskWaitsForItsTimeAndNotALittleLonger() {
        var scene = Scene()
        scene.register(slots: 4)
        scene.submit(
            TaskSubmission(id: "a", payload: .null, notBefore: scene.now.date.addingTimeInterval(1.25)))
        #expect(scene.deals.isEmpty)
        #expect(scene.ledger["a"]?.status.notBefore == scene.now.date.addingTimeInterval(1.25))
        #expect(scene.dispatcher.nextDue == scene.now.monotonic + .milliseconds(1250))
        scene.advance(.milliseconds(1249))
        #expect(scene.state("a") == .queued)
        scene.advance(.milliseconds(1))
        #expect(scene.deals == [Scene.one: ["a/1"]])
        #expect(scene.ledger["a"]?.status.notBefore == nil)
    }

    @Test func aTimeThatHasPassedIsNow() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, notBefore: scene.now.date.addingTimeInterval(-5)))
        #expect(scene.deals == [Scene.one: ["a/1"]])
    }

    @Test func aTaskThatWaitsForItsTimeDoesNotMakeUsBusy() {
        var scene = Scene(agents: ["x"])
        scene.register(slots: 1)
        scene.submit(
            TaskSubmission(id: "a", agentID: "x", payload: .null, notBefore: scene.now.date.addingTimeInterval(2)))
        #expect(!scene.last.contains(.capacity(agentID: "x", isBusy: true)))
        scene.live(.seconds(2))
        #expect(
            scene.all.last { if case .capacity = $0 { true } else { false } } == .capacity(agentID: "x", isBusy: true))
    }

    @Test func theTimeIsKeptAcrossARestart() {
        var before = Scene()
        before.submit(TaskSubmission(id: "a", payload: .null, notBefore: before.now.date.addingTimeInterval(30)))
        var scene = before.restarted(after: .seconds(20))
        scene.register()
        scene.live(.milliseconds(9500))
        #expect(scene.state("a") == .queued)
        scene.live(.seconds(1))
        #expect(scene.state("a") == .leased)
    }

    // MARK: - Waiting

    @Test func aTaskThatNobodyBeginsInTimeExpires() throws {
        var scene = Scene()
        scene.submit(
            TaskSubmission(id: "a", source: .platform, agentID: "x", payload: .null, waitLimit: .seconds(5)))
        scene.advance(.milliseconds(4999))
        #expect(scene.state("a") == .queued)
        scene.advance(.milliseconds(1))
        let record = try #require(scene.ended.first)
        #expect(record.status.state == .expired)
        #expect(scene.dispatcher.counters.expired == 1)
        guard case .final("error", let text, _, _, _, _)? = scene.reports.first?.content else {
            Issue.record("reported was \(scene.reports)")
            return
        }
        #expect(text.contains("within 5"))
        guard case .persist = scene.last.first else {
            Issue.record("it was not written first")
            return
        }
        scene.register()
        #expect(scene.deals.isEmpty)
    }

    @Test func waitingBeginsWhenTheTaskMayBegin() {
        var scene = Scene()
        scene.submit(
            TaskSubmission(
                id: "a", payload: .null, notBefore: scene.now.date.addingTimeInterval(10), waitLimit: .seconds(5)))
        scene.advance(.milliseconds(14_999))
        #expect(scene.state("a") == .queued)
        scene.advance(.milliseconds(1))
        #expect(scene.ended.map(\.status.state) == [.expired])
    }

    @Test func whatLiesAtAWorkerUnbegunIsTakenFromIt() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, waitLimit: .seconds(2)))
        scene.live(.seconds(2), holding: [scene.reference("a")])
        #expect(scene.ledger["a"]?.status.state == .expired)
        #expect(scene.all.contains(.send(Scene.one, .superseded([scene.reference("a")]))))
        #expect(scene.ledger["a"]?.status.history.map(\.attempt) == [1])
    }

    @Test func whatHasBegunWaitsNoLonger() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, attempts: 2, waitLimit: .seconds(2)))
        scene.start("a")
        scene.finish("a", 1, .failed(TaskFailure("once", retry: .at(scene.now.date.addingTimeInterval(10)))))
        scene.live(.seconds(11))
        #expect(scene.state("a") == .leased)
        #expect(scene.ledger["a"]?.status.waitsSince == nil)
    }

    @Test func aRestartDoesNotProlongTheWaiting() {
        var before = Scene()
        before.submit(TaskSubmission(id: "a", payload: .null, waitLimit: .seconds(20)))
        var scene = before.restarted(after: .seconds(15))
        scene.advance(.seconds(4))
        #expect(scene.state("a") == .queued)
        scene.advance(.seconds(1))
        #expect(scene.ended.map(\.status.state) == [.expired])
    }

    @Test func whatAWorkerMayHaveBegunDuringARestartDoesNotExpireBeforeItIsHeard() {
        var before = Scene()
        before.register()
        before.submit(TaskSubmission(id: "a", payload: .null, waitLimit: .seconds(2)))
        var scene = before.restarted(after: .seconds(5))
        scene.advance(.milliseconds(100))
        #expect(scene.state("a") == .leased)
        scene.register(session: 2, held: [before.reference("a")])
        scene.say(.started([scene.reference("a", 1, epoch: 2)]))
        scene.live(.seconds(30), holding: [scene.reference("a", 1, epoch: 2)])
        #expect(scene.state("a") == .running)
    }

    // MARK: - Running

    @Test func theWorkerIsToldTheTimeLimitAsADuration() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, timeLimit: .seconds(30), totalLimit: .seconds(20)))
        guard
            case .send(_, .dispatch(let requests))? = scene.last.first(where: {
                if case .send = $0 { true } else { false }
            })
        else {
            Issue.record("not dealt")
            return
        }
        #expect(requests.first?.timeLimit == .seconds(20))
    }

    @Test func aHandlerThatIgnoresItsLimitLosesItsAttemptThoughItsWorkerSpeaks() throws {
        var scene = Scene { $0.limitGrace = .seconds(5) }
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, timeLimit: .seconds(10)))
        scene.start("a")
        let held = [scene.reference("a")]
        scene.live(.milliseconds(14_500), holding: held)
        #expect(scene.state("a") == .running)
        scene.live(.milliseconds(500), holding: held)
        #expect(scene.ledger["a"]?.status.state == .dead)
        #expect(scene.ledger["a"]?.status.handlerFailures == 1)
        #expect(scene.dispatcher.counters.overruns == 1)
        #expect(scene.all.contains(.send(Scene.one, .superseded(held))))
        // What it comes to after all counts no more.
        scene.finish("a")
        #expect(scene.last == [.send(Scene.one, .superseded(held))])
        #expect(scene.dispatcher.counters.stale == 1)
        #expect(scene.ledger["a"]?.status.state == .dead)
        let attempt = try #require(scene.ledger["a"]?.status.history.first)
        #expect(attempt.error.contains("time limit"))
        #expect(attempt.startedAt != nil)
    }

    @Test func aLimitHoldsForEachAttemptAnew() {
        var scene = Scene { $0.limitGrace = .seconds(1) }
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, attempts: 2, timeLimit: .seconds(3)))
        scene.start("a")
        scene.live(.seconds(4), holding: [scene.reference("a")])
        #expect(scene.ledger["a"]?.status.handlerFailures == 1)
        scene.live(.seconds(2))
        #expect(scene.ledger["a"]?.status.attempt == 2)
        scene.start("a", 2)
        scene.live(.milliseconds(3500), holding: [scene.reference("a", 2)])
        #expect(scene.state("a") == .running)
        scene.finish("a", 2)
        #expect(scene.ended.map(\.status.state) == [.completed])
    }

    @Test func aLimitHoldsForWhatIsReclaimedToo() {
        var before = Scene()
        before.register()
        before.submit(TaskSubmission(id: "a", payload: .null, timeLimit: .seconds(10)))
        before.start("a")
        // However the clock was put in between, the worker has its time.
        var scene = before.restarted(after: .seconds(5), clockPut: 86_400) { $0.limitGrace = .seconds(5) }
        scene.register(session: 2, held: [before.reference("a")])
        let held = [scene.reference("a", 1, epoch: 2)]
        scene.live(.milliseconds(14_500), holding: held)
        #expect(scene.state("a") == .running)
        scene.live(.milliseconds(500), holding: held)
        #expect(scene.ledger["a"]?.status.state == .dead)
    }

    // MARK: - In all

    @Test func aTaskThatTakesTooLongInAllExpiresWhereverItIs() {
        var scene = Scene { $0.retry.backoff = .seconds(1000) }
        scene.register(slots: 1)
        for id in ["run", "retry", "wait"] {
            scene.submit(TaskSubmission(id: id, payload: .null, attempts: 9, totalLimit: .seconds(10)))
        }
        scene.finish("retry", 1, .failed(TaskFailure("once", retry: .at(scene.now.date.addingTimeInterval(100)))))
        scene.submit(TaskSubmission(id: "queued", payload: .null, totalLimit: .seconds(10)))
        scene.start("run")
        scene.live(.seconds(10), holding: [scene.reference("run"), scene.reference("wait")])
        #expect(scene.ledger["retry"]?.status.state == .expired)
        #expect(scene.ledger["queued"]?.status.state == .expired)
        // The one that runs is asked to stop, and until it has, its result would count.
        #expect(scene.state("run") == .running)
        let asked = scene.all.contains {
            if case .send(Scene.one, .cancel(scene.reference("run"), _)) = $0 { true } else { false }
        }
        #expect(asked)
        scene.finish("run", 1, .cancelled(reason: "stopped"))
        #expect(scene.ended.map(\.status.state) == [.expired])
    }

    @Test func aResultThatIsFasterThanTheEndOfAllCounts() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, totalLimit: .seconds(10)))
        scene.start("a")
        scene.live(.seconds(11), holding: [scene.reference("a")])
        scene.finish("a")
        #expect(scene.ended.map(\.status.state) == [.completed])
    }

    @Test func aHandlerThatDoesNotStopAtTheEndOfAllIsNotWaitedFor() {
        var scene = Scene { $0.limitGrace = .seconds(2) }
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, totalLimit: .seconds(10)))
        scene.start("a")
        scene.live(.seconds(12), holding: [scene.reference("a")])
        #expect(scene.ledger["a"]?.status.state == .expired)
        #expect(scene.dispatcher.counters.overruns == 1)
    }

    @Test func aWorkerThatStopsAHandlerAtTheEndOfAllMakesItExpireNotFail() {
        var scene = Scene()
        scene.register()
        scene.submit(TaskSubmission(id: "a", payload: .null, attempts: 9, totalLimit: .seconds(10)))
        scene.start("a")
        scene.live(.seconds(10), holding: [scene.reference("a")])
        scene.finish("a", 1, .failed(TaskFailure("time limit")))
        #expect(scene.ended.map(\.status.state) == [.expired])
        #expect(scene.ended.first?.status.history.map(\.error) == ["time limit"])
    }
}
