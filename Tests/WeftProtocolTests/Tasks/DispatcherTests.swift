// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherTests {
    private typealias Scene = DispatcherScene

    // MARK: - Intake

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

    // MARK: - Dealing

    @Test func theWorkerWithTheMostFreeSlotsIsDealtTo() {
        var scene = Scene()
        scene.register(Scene.one, slots: 1)
        scene.register(Scene.two, slots: 3)
        scene.accept("a")
        #expect(scene.deals == [Scene.two: ["a/1"]])
        scene.accept("b")
        #expect(scene.deals == [Scene.two: ["b/1"]])
        scene.accept("c")
        #expect(scene.deals == [Scene.one: ["c/1"]])
    }

    @Test(arguments: [(1, 2), (6, 7), (10, 11), (11, 13), (40, 44)])
    func theWindowIsTheSlotsAndATenthMore(slots: Int, window: Int) {
        var scene = Scene()
        for index in 0..<100 { scene.accept("t\(index)") }
        scene.register(slots: slots)
        #expect(scene.deals[Scene.one]?.count == window)
    }

    @Test func aResultReturnsItsCredit() {
        var scene = Scene()
        for id in ["a", "b", "c"] { scene.accept(id) }
        scene.register(slots: 1)
        #expect(scene.deals == [Scene.one: ["a/1", "b/1"]])
        scene.finish("a")
        #expect(scene.deals == [Scene.one: ["c/1"]])
    }

    @Test func priorityGoesBeforeAge() {
        var scene = Scene()
        scene.accept("old")
        scene.accept("urgent", priority: 5)
        scene.accept("young")
        scene.accept("lazy", priority: -1)
        scene.register(slots: 10)
        #expect(scene.deals == [Scene.one: ["urgent/1", "old/1", "young/1", "lazy/1"]])
    }

    @Test func anAgentsTasksGoToWorkersThatServeIt() {
        var scene = Scene()
        scene.register(Scene.one, slots: 8, agents: ["x"])
        scene.register(Scene.two, slots: 2, agents: ["y"])
        scene.accept("a", agentID: "y")
        #expect(scene.deals == [Scene.two: ["a/1"]])
        scene.accept("b")
        #expect(scene.deals == [Scene.one: ["b/1"]])
        scene.accept("c", agentID: "z")
        #expect(scene.deals.isEmpty)
    }

    @Test func aQueuesTasksGoToWorkersThatServeIt() {
        var scene = Scene()
        scene.register(Scene.one, queues: ["mail"])
        scene.accept("a")
        #expect(scene.deals.isEmpty)
        scene.accept("b", queue: "mail")
        #expect(scene.deals == [Scene.one: ["b/1"]])
    }

    @Test func aLineWithoutAWorkerDoesNotHoldUpOthers() {
        var scene = Scene()
        scene.register(Scene.one, agents: ["x"])
        scene.accept("stuck", agentID: "nobody", priority: 9)
        scene.accept("a", agentID: "x")
        #expect(scene.deals == [Scene.one: ["a/1"]])
    }

    @Test func aDispatchIsClosedAtItsSize() {
        var scene = Scene()
        for index in 0..<10 {
            scene.note(
                scene.dispatcher.accept(
                    TaskSubmission(id: "t\(index)", payload: .string(String(repeating: "x", count: 30_000))),
                    stored: nil, at: scene.now))
        }
        scene.register(slots: 10)
        let sizes = scene.last.compactMap { action -> Int? in
            if case .send(_, .dispatch(let requests)) = action { requests.count } else { nil }
        }
        #expect(sizes == [2, 2, 2, 2, 2])
    }

    // MARK: - Running and ending

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
        scene.finish("a", 1, .completed(TaskResult("no", tokens: ["prompt_tokens": 3])))
        guard case .final(_, _, let tokens, _, _, let task)? = scene.reports.first?.content else {
            Issue.record("no final report")
            return
        }
        #expect(tokens == ["prompt_tokens": 3])
        #expect(task == "a")
    }

    // MARK: - Failures

    @Test func byDefaultOneFailureIsTheEnd() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.finish("a", 1, .failed(TaskFailure("boom")))
        #expect(scene.ended.map(\.status.state) == [.dead])
        #expect(
            scene.reports.map(\.content) == [
                .final(status: "error", result: "boom", tokens: nil, usedTools: [], format: nil, task: nil)
            ])
    }

    @Test func failuresAreRetriedAsOftenAsTheTaskAllows() throws {
        var scene = Scene()
        scene.register()
        scene.accept("a", attempts: 3)
        for attempt in 1...2 {
            scene.finish("a", attempt, .failed(TaskFailure("boom \(attempt)")))
            #expect(scene.state("a") == .retrying)
            #expect(scene.ledger["a"]?.status.state == .retrying)
            scene.live(.seconds(4))
            #expect(scene.state("a") == .leased)
            #expect(scene.dispatcher.record(of: "a")?.status.attempt == attempt + 1)
        }
        scene.finish("a", 3, .failed(TaskFailure("boom 3")))
        let record = try #require(scene.ended.first)
        #expect(record.status.state == .dead)
        #expect(record.status.history.map(\.error) == ["boom 1", "boom 2", "boom 3"])
    }

    @Test func aHandlerMayForbidARetry() {
        var scene = Scene()
        scene.register()
        scene.accept("a", attempts: 5)
        scene.finish("a", 1, .failed(TaskFailure("boom", retry: .never)))
        #expect(scene.ended.map(\.status.state) == [.dead])
    }

    @Test func aHandlerMayAskForARetryAtATimeBeyondItsAttempts() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.finish("a", 1, .failed(TaskFailure("later", retry: .at(scene.now.date.addingTimeInterval(60)))))
        #expect(scene.state("a") == .retrying)
        scene.live(.seconds(59))
        #expect(scene.state("a") == .retrying)
        scene.live(.seconds(2))
        #expect(scene.state("a") == .leased)
    }

    @Test func pausesGrowAreJitteredAndBounded() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy()
        for failure in 1...20 {
            let ceiling = min(300, pow(2, Double(failure - 1)))
            let pauses = (0..<200).map { _ in
                policy.pause(afterFailure: failure, using: &generator).inSeconds
            }
            #expect(pauses.allSatisfy { $0 >= 0 && $0 <= ceiling })
            #expect((pauses.max() ?? 0) > ceiling * 0.9)
            #expect((pauses.min() ?? 1) < ceiling * 0.1)
        }
        #expect(policy.pause(afterFailure: .max, using: &generator) <= .seconds(300))
    }

    // MARK: - Losses

    @Test func aClosedConnectionIsForgivenWhenTheWorkerSaysHelloInTime() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.note(scene.dispatcher.connectionClosed(Scene.one, at: scene.now))
        scene.advance(.seconds(2))
        scene.register(session: 2, held: [scene.reference("a")])
        scene.advance(.seconds(2))
        #expect(scene.state("a") == .running)
        scene.finish("a")
        #expect(scene.ended.map(\.status.attempt) == [1])
    }

    @Test func aWorkerWhoseConnectionClosedIsLostAfterThreeSeconds() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.register(Scene.two)
        scene.note(scene.dispatcher.connectionClosed(Scene.one, at: scene.now))
        scene.live(.milliseconds(2500), workers: [Scene.two])
        #expect(scene.state("a") == .running)
        scene.live(.milliseconds(500), workers: [Scene.two])
        #expect(scene.dispatcher.record(of: "a")?.status.attempt == 2)
        #expect(scene.dispatcher.record(of: "a")?.status.worker == Scene.two)
        #expect(scene.dispatcher.counters.workerLosses == 1)
        #expect(scene.all.contains(.disconnect(Scene.one)))
    }

    @Test func aSilentWorkerIsDealtNothingAndLostWhenTheLeaseRunsOut() {
        var scene = Scene()
        scene.register(slots: 1)
        scene.accept("a")
        scene.start("a")
        scene.advance(.seconds(4))
        scene.accept("b")
        #expect(scene.deals.isEmpty)
        scene.advance(.milliseconds(10_900))
        #expect(scene.state("a") == .running)
        scene.advance(.milliseconds(200))
        #expect(scene.state("a") == .queued)
        #expect(scene.last.contains(.disconnect(Scene.one)))
    }

    @Test func aWorkerThatOnlyRunsLongKeepsItsLease() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.live(.seconds(600), holding: [scene.reference("a")])
        #expect(scene.state("a") == .running)
        #expect(scene.dispatcher.record(of: "a")?.status.attempt == 1)
    }

    @Test func aWorkerThatHearsNothingIsLostThoughItSpeaks() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        for _ in 0..<32 {
            scene.advance(.milliseconds(500))
            // The ping's number never comes back: nothing that is sent to it gets through.
            scene.say(.heartbeat(WorkerHeartbeat(sequence: 1, ping: 0, held: [scene.reference("a")])))
        }
        #expect(scene.dispatcher.workerSummaries(at: scene.now).isEmpty)
    }

    @Test func aTaskTheWorkerNoLongerNamesIsDealtAgain() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.live(.seconds(16))
        #expect(scene.dispatcher.record(of: "a")?.status.attempt == 2)
        #expect(scene.all.contains(.send(Scene.one, .superseded([scene.reference("a")]))))
    }

    @Test func threeLossesWhileRunningAreADeadLetter() throws {
        var scene = Scene()
        scene.accept("a", source: .platform, agentID: "x")
        for attempt in 1...3 {
            let worker = Scene.node(UInt8(attempt))
            scene.register(worker)
            scene.start("a", attempt, by: worker)
            scene.note(scene.dispatcher.lost(worker, reason: "killed", at: scene.now))
        }
        let record = try #require(scene.ended.first)
        #expect(record.status.state == .dead)
        #expect(record.status.workerLosses == 3)
        #expect(record.status.handlerFailures == 0)
        guard case .final("error", let text, _, _, _, _)? = scene.reports.first?.content else {
            Issue.record("no error was reported")
            return
        }
        #expect(text.contains("3 lost their worker"))
    }

    @Test func lossesBeforeTheBeginningDoNotCountAsTheTasksFault() {
        var scene = Scene()
        scene.accept("a")
        for attempt in 1...10 {
            let worker = Scene.node(UInt8(attempt))
            scene.register(worker)
            scene.note(scene.dispatcher.lost(worker, reason: "killed", at: scene.now))
        }
        #expect(scene.state("a") == .queued)
        #expect(scene.dispatcher.record(of: "a")?.status.workerLosses == 0)
        #expect(scene.dispatcher.record(of: "a")?.status.returns == 10)
    }

    @Test func aReturnedTaskKeepsItsPlaceInTheLine() {
        var scene = Scene()
        scene.register(slots: 1)
        for id in ["a", "b", "c", "d"] { scene.accept(id) }
        scene.note(scene.dispatcher.lost(Scene.one, reason: "killed", at: scene.now))
        scene.register(Scene.two, slots: 10)
        #expect(scene.deals == [Scene.two: ["a/2", "b/2", "c/1", "d/1"]])
    }

    @Test func aLeavingWorkerGivesBackAndIsNotBlamed() {
        var scene = Scene()
        scene.register(slots: 1)
        scene.accept("a")
        scene.accept("b")
        scene.start("a")
        scene.say(.draining(returned: [scene.reference("b")]))
        #expect(scene.state("b") == .queued)
        scene.accept("c")
        #expect(scene.deals.isEmpty)
        scene.say(.goodbye(returned: [scene.reference("a")]))
        #expect(scene.state("a") == .queued)
        #expect(scene.dispatcher.record(of: "a")?.status.workerLosses == 0)
        #expect(scene.last.contains(.disconnect(Scene.one)))
    }

    @Test func aWorkerAskedToDrainIsToldAndDealtNothing() {
        var scene = Scene()
        scene.register()
        scene.note(scene.dispatcher.drainWorker(Scene.one, at: scene.now))
        #expect(scene.last == [.send(Scene.one, .drain)])
        scene.accept("a")
        #expect(scene.deals.isEmpty)
    }

    // MARK: - Cancelling

    @Test func aQueuedTaskIsCancelledAtOnce() {
        var scene = Scene()
        scene.accept("a", source: .platform, agentID: "x")
        scene.note(scene.dispatcher.cancel("a", reason: "not needed", at: scene.now))
        #expect(scene.ended.map(\.status.state) == [.cancelled])
        #expect(
            scene.reports.map(\.content) == [
                .final(status: "stopped", result: "not needed", tokens: nil, usedTools: [], format: nil, task: nil)
            ])
        scene.register()
        #expect(scene.deals.isEmpty)
    }

    @Test func aRunningTaskIsCancelledWhenItsHandlerHasStopped() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.note(scene.dispatcher.cancel("a", reason: "not needed", at: scene.now))
        #expect(scene.last.contains(.send(Scene.one, .cancel(scene.reference("a"), reason: "not needed"))))
        #expect(scene.state("a") == .running)
        scene.note(scene.dispatcher.cancel("a", reason: "again", at: scene.now))
        #expect(scene.last.isEmpty)
        scene.finish("a", 1, .cancelled(reason: "stopped"))
        #expect(scene.ended.map(\.status.outcome) == [.cancelled(reason: "not needed")])
    }

    @Test func aCancelIsRepeatedUntilTheWorkerHoldsTheTaskNoMore() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        let heartbeat = WorkerMessage.heartbeat(
            WorkerHeartbeat(sequence: 1, ping: 0, held: [scene.reference("a")]))
        scene.say(heartbeat)
        #expect(scene.sent().isEmpty)
        // Lost with the connection that it was sent down.
        scene.note(scene.dispatcher.cancel("a", reason: "not needed", at: scene.now))
        for _ in 0..<2 {
            scene.say(heartbeat)
            #expect(scene.sent() == [.cancel(scene.reference("a"), reason: "not needed")])
        }
        scene.finish("a", 1, .cancelled(reason: "stopped"))
        scene.say(heartbeat)
        #expect(scene.sent().isEmpty)
    }

    @Test func aResultThatWasFasterThanTheCancelCounts() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.note(scene.dispatcher.cancel("a", reason: "not needed", at: scene.now))
        scene.finish("a")
        #expect(scene.ended.map(\.status.state) == [.completed])
    }

    @Test func aCancelledTaskWhoseWorkerIsLostIsNotDealtAgain() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.note(scene.dispatcher.cancel("a", reason: "not needed", at: scene.now))
        scene.note(scene.dispatcher.lost(Scene.one, reason: "killed", at: scene.now))
        #expect(scene.ended.map(\.status.state) == [.cancelled])
    }

    @Test func whatThePlatformStoppedIsNotReportedToIt() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.note(scene.dispatcher.cancel("a", reason: "stopped", byPlatform: true, at: scene.now))
        scene.finish("a", 1, .cancelled(reason: "stopped"))
        #expect(scene.ended.map(\.status.state) == [.cancelled])
        #expect(scene.reports.isEmpty)
    }

    // MARK: - Capacity

    @Test func withoutAWorkerThePlatformIsToldBusyAtOnce() {
        let scene = Scene(agents: ["x"])
        #expect(scene.last == [.capacity(agentID: "x", isBusy: true)])
    }

    @Test func busyIsSaidWhenUnfinishedTasksFillTheSlotsAndOnlyOnChange() {
        var scene = Scene(agents: ["x"])
        scene.register(slots: 2)
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: false)))
        scene.accept("a", source: .platform, agentID: "x")
        #expect(!scene.last.contains { if case .capacity = $0 { true } else { false } })
        scene.accept("b", source: .platform, agentID: "x")
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: true)))
        scene.accept("c", source: .platform, agentID: "x")
        #expect(!scene.last.contains { if case .capacity = $0 { true } else { false } })
        scene.finish("a")
        scene.finish("b")
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: false)))
        scene.say(.draining(returned: []))
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: true)))
    }

    @Test func capacityCountsTheWorkersOfTheAgent() {
        var scene = Scene(agents: ["x", "y"])
        scene.register(slots: 2, agents: ["x"])
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: false)))
        #expect(!scene.last.contains(.capacity(agentID: "y", isBusy: false)))
    }

    @Test func tooManyOutcomesThatThePlatformDoesNotTakeMeanBusy() throws {
        var scene = Scene(agents: ["x"]) { $0.maximumUnreported = 1 }
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.finish("a")
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: true)))
        let report = try #require(scene.reports.first)
        scene.note(scene.dispatcher.reportSettled(report, at: scene.now))
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: false)))
    }

    // MARK: - Restart

    @Test func afterARestartAWorkerReclaimsWhatItHoldsAtTheNewEpoch() {
        var before = Scene()
        before.register()
        before.accept("a")
        before.start("a")
        var scene = Scene(
            state: LedgerState(
                epoch: TaskEpoch(ledgerID: "test", counter: 2), unfinished: Array(before.ledger.values)))
        scene.register(session: 2, held: [before.reference("a")])
        #expect(scene.dispatcher.counters.reclaimed == 1)
        #expect(scene.ledger.isEmpty)
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
        var scene = Scene(
            state: LedgerState(
                epoch: TaskEpoch(ledgerID: "test", counter: 2), unfinished: Array(before.ledger.values)))
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
        var scene = Scene(
            state: LedgerState(
                epoch: TaskEpoch(ledgerID: "test", counter: 2), unfinished: Array(before.ledger.values)))
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
        var scene = Scene(
            state: LedgerState(
                epoch: TaskEpoch(ledgerID: "test", counter: 2), unfinished: Array(before.ledger.values)))
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
