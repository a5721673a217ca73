// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct WorkerMachineTests {
    private struct Scene {
        var machine: WorkerMachine
        var now = Moment(
            monotonic: MonotonicTime(nanoseconds: 1 << 40), date: Date(timeIntervalSince1970: 1_800_000_000))
        var last: [WorkerAction] = []
        let id = NodeID(bytes: [UInt8](1...16)) ?? .random()

        init(slots: Int = 1, welcomed: Bool = true) {
            self.machine = WorkerMachine(
                id: self.id, configuration: .init(name: "w", slots: slots, endpoint: "tcp://w"), now: self.now)
            guard welcomed else { return }
            self.last = self.machine.coordinatorFound(endpoint: "tcp://c", epoch: Self.epoch(1), at: self.now)
            self.welcome()
        }

        static func epoch(_ counter: UInt64) -> TaskEpoch { TaskEpoch(ledgerID: "test", counter: counter) }

        static func reference(_ id: String, _ attempt: Int = 1, epoch: UInt64 = 1) -> TaskReference {
            TaskReference(id: id, attempt: attempt, epoch: Self.epoch(epoch))
        }

        mutating func welcome(epoch: UInt64 = 1, kept: [TaskReference] = []) {
            self.hear(
                .welcome(
                    WorkerWelcome(epoch: Self.epoch(epoch), lease: .seconds(15), heartbeat: .seconds(1), kept: kept)),
                epoch: epoch)
        }

        mutating func hear(_ message: CoordinatorMessage, epoch: UInt64 = 1, as id: NodeID? = nil) {
            self.last = self.machine.received(
                message, for: id ?? self.id, epoch: Self.epoch(epoch), at: self.now)
        }

        mutating func dispatch(
            _ ids: String..., attempt: Int = 1, limit: Duration? = nil, deadline: Date? = nil, epoch: UInt64 = 1
        ) {
            self.hear(
                .dispatch(
                    ids.map {
                        TaskRequest(
                            id: $0, attempt: attempt, source: .submit, payload: .null, deadline: deadline,
                            timeLimit: limit)
                    }),
                epoch: epoch)
        }

        mutating func finish(_ id: String, _ attempt: Int = 1, _ outcome: TaskOutcome = .completed(TaskResult("x"))) {
            self.last = self.machine.finished(id: id, attempt: attempt, outcome, at: self.now)
        }

        mutating func report(_ id: String, _ value: Value) {
            self.last = self.machine.progressed(id: id, attempt: 1, value, at: self.now)
        }

        mutating func advance(_ duration: Duration) {
            self.now = self.now + duration
            self.last = self.machine.tick(at: self.now)
        }

        /// Seconds in which the coordinator answers each heartbeat.
        mutating func live(seconds: Int) {
            for _ in 0..<seconds {
                self.advance(.seconds(1))
                for case .send(.heartbeat(let heartbeat)) in self.last {
                    self.hear(.ping(number: heartbeat.ping + 1, heard: heartbeat.sequence))
                }
            }
        }

        var started: [String] {
            self.last.compactMap {
                if case .start(let request) = $0 { "\(request.id)/\(request.attempt)" } else { nil }
            }
        }

        var sent: [WorkerMessage] {
            self.last.compactMap { if case .send(let message) = $0 { message } else { nil } }
        }

        var cancelled: [String] {
            self.last.compactMap { if case .cancel(let id, let attempt, _) = $0 { "\(id)/\(attempt)" } else { nil } }
        }
    }

    @Test func whatBeganWhileNobodyListenedIsSaidWithTheNextWelcome() {
        var scene = Scene()
        scene.dispatch("a", "b")
        scene.last = scene.machine.connectionClosed(at: scene.now)
        scene.finish("a")
        // Now "b" runs, and nobody could be told.
        #expect(!scene.last.contains { if case .send = $0 { true } else { false } })
        scene.last = scene.machine.connectionOpened(at: scene.now)
        let kept = [Scene.reference("a", epoch: 2), Scene.reference("b", epoch: 2)]
        scene.welcome(epoch: 2, kept: kept)
        #expect(scene.last.first == .send(.started([kept[1]])))
        #expect(scene.last.contains(.send(.result(kept[0], .completed(TaskResult("x"))))))
    }

    @Test func itRunsAsManyAsItHasSlotsAndTheNextWhenOneEnds() {
        var scene = Scene(slots: 2)
        scene.dispatch("a", "b", "c")
        #expect(scene.started == ["a/1", "b/1"])
        #expect(scene.sent == [.started([Scene.reference("a"), Scene.reference("b")])])
        scene.finish("a")
        #expect(scene.started == ["c/1"])
        #expect(scene.sent.contains(.result(Scene.reference("a"), .completed(TaskResult("x")))))
    }

    @Test func theSameDispatchTwiceRunsOnce() {
        var scene = Scene(slots: 2)
        scene.dispatch("a")
        scene.dispatch("a")
        #expect(scene.last.isEmpty)
    }

    @Test func aNewerAttemptReplacesTheOlder() {
        var scene = Scene(slots: 2)
        scene.dispatch("a")
        scene.dispatch("a", attempt: 2)
        #expect(scene.cancelled == ["a/1"])
        #expect(scene.started == ["a/2"])
        scene.finish("a", 1)
        #expect(scene.sent.isEmpty)
        scene.finish("a", 2)
        #expect(scene.sent == [.result(Scene.reference("a", 2), .completed(TaskResult("x")))])
    }

    @Test func anOutcomeIsKeptAndRepeatedUntilItIsAcknowledged() {
        var scene = Scene()
        scene.dispatch("a")
        scene.finish("a")
        scene.live(seconds: 6)
        #expect(scene.machine.unacknowledgedCount == 1)
        var repeats = 0
        for _ in 0..<6 {
            scene.advance(.seconds(1))
            repeats += scene.sent.count { if case .result = $0 { true } else { false } }
            scene.hear(.ping(number: 1, heard: .max))
        }
        #expect(repeats == 1)
        scene.hear(.acknowledged([Scene.reference("a")]))
        #expect(scene.machine.unacknowledgedCount == 0)
    }

    @Test func aMessageForAnotherNodeOrFromAnOlderEpochDoesNothing() {
        var scene = Scene()
        scene.hear(.drain, as: .random())
        #expect(!scene.machine.isDraining)
        scene.welcome(epoch: 3)
        scene.dispatch("a", epoch: 2)
        #expect(scene.started.isEmpty)
        #expect(scene.machine.counters.foreign == 2)
    }

    @Test func whenTheCoordinatorFallsSilentHandlersStopWhenTheLeaseRunsOut() {
        var scene = Scene()
        scene.dispatch("a")
        scene.live(seconds: 5)
        for _ in 0..<13 {
            scene.advance(.seconds(1))
            #expect(scene.cancelled.isEmpty)
        }
        scene.advance(.seconds(2))
        #expect(scene.cancelled == ["a/1"])
        #expect(scene.machine.counters.leasesLost == 1)
        // What it then comes to belongs to nobody.
        scene.finish("a", 1, .cancelled(reason: "stopped"))
        #expect(scene.sent.isEmpty)
        #expect(scene.machine.unacknowledgedCount == 0)
    }

    @Test func whenTheCoordinatorsProcessDiesHandlersGoOnAndAreOfferedToTheNext() {
        var scene = Scene(slots: 2)
        scene.dispatch("a", "b")
        scene.finish("b")
        scene.last = scene.machine.connectionClosed(at: scene.now)
        for _ in 0..<29 {
            scene.advance(.seconds(1))
            #expect(scene.last.isEmpty)
        }
        scene.last = scene.machine.coordinatorFound(endpoint: "tcp://d", epoch: Scene.epoch(2), at: scene.now)
        guard case .register(let registration)? = scene.sent.first else {
            Issue.record("it did not register: \(scene.last)")
            return
        }
        #expect(registration.held == [Scene.reference("a"), Scene.reference("b")])
        scene.welcome(epoch: 2, kept: [Scene.reference("a", epoch: 2), Scene.reference("b", epoch: 2)])
        #expect(
            scene.sent == [
                .started([Scene.reference("a", epoch: 2)]),
                .result(Scene.reference("b", epoch: 2), .completed(TaskResult("x"))),
            ])
        scene.finish("a")
        #expect(scene.sent == [.result(Scene.reference("a", epoch: 2), .completed(TaskResult("x")))])
    }

    @Test func withoutANextCoordinatorHandlersStopWhenTheGraceIsOver() {
        var scene = Scene()
        scene.dispatch("a")
        scene.last = scene.machine.connectionClosed(at: scene.now)
        scene.advance(.seconds(29))
        #expect(scene.cancelled.isEmpty)
        // A link that comes and goes without a welcome stretches nothing.
        _ = scene.machine.connectionOpened(at: scene.now)
        scene.last = scene.machine.connectionClosed(at: scene.now)
        scene.advance(.seconds(1))
        #expect(scene.cancelled == ["a/1"])
        #expect(scene.machine.counters.leasesLost == 1)
    }

    @Test func aFrozenWorkerBeginsNothingThatItFindsWhenItWakes() {
        var scene = Scene(slots: 2)
        scene.dispatch("a")
        scene.live(seconds: 2)
        scene.now = scene.now + .seconds(20)
        scene.dispatch("b")
        #expect(scene.cancelled == ["a/1"])
        #expect(scene.started.isEmpty)
        guard case .register(let registration)? = scene.sent.first else {
            Issue.record("it did not register: \(scene.last)")
            return
        }
        #expect(registration.held.isEmpty)
    }

    @Test func aFrozenWorkerFencesItselfAlsoWhenItsConnectionHasClosedMeanwhile() {
        var scene = Scene()
        scene.dispatch("a")
        scene.live(seconds: 2)
        scene.now = scene.now + .seconds(20)
        scene.last = scene.machine.connectionClosed(at: scene.now)
        #expect(scene.cancelled == ["a/1"])
    }

    @Test func aResultThatComesAfterTheLeaseIsOfferedAndForgottenWhenSuperseded() {
        var scene = Scene()
        scene.dispatch("a")
        scene.advance(.seconds(15))
        #expect(scene.cancelled == ["a/1"])
        scene.finish("a")
        #expect(scene.machine.unacknowledgedCount == 1)
        scene.welcome()
        #expect(scene.sent == [.result(Scene.reference("a"), .completed(TaskResult("x")))])
        scene.hear(.superseded([Scene.reference("a")]))
        #expect(scene.machine.unacknowledgedCount == 0)
    }

    @Test func withoutPingsItRegistersAgain() {
        var scene = Scene()
        scene.advance(.seconds(1))
        scene.advance(.seconds(2))
        guard case .register(let registration)? = scene.sent.first else {
            Issue.record("it did not register: \(scene.last)")
            return
        }
        #expect(registration.session == 2)
    }

    @Test func registrationIsRepeatedUntilItIsAnswered() {
        var scene = Scene(welcomed: false)
        scene.last = scene.machine.coordinatorFound(endpoint: "tcp://c", at: scene.now)
        #expect(scene.last.first == .connect(endpoint: "tcp://c"))
        for _ in 0..<3 {
            scene.advance(.seconds(1))
            guard case .register(let registration)? = scene.sent.first else {
                Issue.record("it did not register: \(scene.last)")
                return
            }
            #expect(registration.session == 1)
        }
        scene.welcome()
        #expect(scene.machine.isRegistered)
    }

    @Test func cancellingStopsTheHandlerAndTellsTheOutcome() {
        var scene = Scene()
        scene.dispatch("a", "b")
        scene.hear(.cancel(Scene.reference("b"), reason: "not needed"))
        #expect(scene.sent == [.result(Scene.reference("b"), .cancelled(reason: "not needed"))])
        scene.hear(.cancel(Scene.reference("a"), reason: "not needed"))
        #expect(scene.cancelled == ["a/1"])
        scene.finish("a", 1, .failed(TaskFailure("interrupted")))
        #expect(scene.sent == [.result(Scene.reference("a"), .cancelled(reason: "not needed"))])
    }

    @Test func aTaskBeyondItsTimeLimitFailsAndNamesTheLimit() {
        var scene = Scene()
        scene.dispatch("a", limit: .milliseconds(1500))
        scene.live(seconds: 1)
        scene.advance(.milliseconds(500))
        #expect(scene.cancelled == ["a/1"])
        scene.finish("a", 1, .cancelled(reason: "stopped"))
        let failure = TaskFailure("The task ran into its time limit of 1.5 s and was stopped.")
        #expect(scene.sent == [.result(Scene.reference("a"), .failed(failure))])
    }

    @Test func theTimeLimitCountsFromTheBeginningAndWhateverTheWallClockDoes() {
        var scene = Scene()
        scene.dispatch("a", "b", limit: .seconds(2))
        scene.live(seconds: 1)
        scene.finish("a")
        #expect(scene.started == ["b/1"])
        scene.now.date.addTimeInterval(-3600)
        scene.live(seconds: 1)
        #expect(scene.cancelled.isEmpty)
        scene.now.date.addTimeInterval(7200)
        scene.advance(.milliseconds(900))
        #expect(scene.cancelled.isEmpty)
        scene.advance(.milliseconds(100))
        #expect(scene.cancelled == ["b/1"])
    }

    @Test func aDeadlineIsALimitToo() {
        var scene = Scene()
        scene.dispatch("a", limit: .seconds(60), deadline: scene.now.date.addingTimeInterval(2))
        guard case .start(let request)? = scene.last.last else {
            Issue.record("it did not start: \(scene.last)")
            return
        }
        #expect(request.deadline == scene.now.date.addingTimeInterval(2))
        scene.advance(.seconds(2))
        #expect(scene.cancelled == ["a/1"])
    }

    @Test func aHandlerThatIgnoresItsCancelLosesItsAttemptWhenItsTimeIsOver() {
        var scene = Scene()
        scene.dispatch("a", "b")
        scene.hear(.cancel(Scene.reference("a"), reason: "not needed"))
        scene.live(seconds: 9)
        #expect(scene.sent.allSatisfy { if case .result = $0 { false } else { true } })
        scene.advance(.seconds(1))
        #expect(scene.sent.contains(.result(Scene.reference("a"), .cancelled(reason: "not needed"))))
        // Its slot is given to the next; what it comes to later is too late.
        #expect(scene.started == ["b/1"])
        #expect(scene.machine.counters.unstoppable == 1)
        scene.finish("a", 1)
        #expect(scene.last.isEmpty)
        #expect(scene.machine.lingeringCount == 0)
    }

    @Test func aHandlerThatIgnoresItsTimeLimitFailsAllTheSame() {
        var scene = Scene()
        scene.dispatch("a", limit: .seconds(1))
        scene.advance(.seconds(1))
        #expect(scene.cancelled == ["a/1"])
        scene.live(seconds: 9)
        scene.advance(.seconds(1))
        #expect(scene.sent.contains(.result(Scene.reference("a"), .failed(.timeLimit(of: .limited(.seconds(1)))))))
    }

    @Test func aResultThatOvertakesItsCancelCountsOnce() {
        var scene = Scene()
        scene.dispatch("a")
        scene.hear(.cancel(Scene.reference("a"), reason: "not needed"))
        scene.finish("a")
        #expect(scene.sent == [.result(Scene.reference("a"), .completed(TaskResult("x")))])
        scene.finish("a", 1, .cancelled(reason: "late"))
        #expect(scene.last.isEmpty)
        scene.hear(.cancel(Scene.reference("a"), reason: "not needed"))
        #expect(scene.last.isEmpty)
    }

    @Test func progressIsToldAtOnceThenTheNewestOfWhatComesTooFast() {
        var scene = Scene()
        scene.dispatch("a")
        scene.report("a", 1)
        #expect(scene.sent == [.progress(Scene.reference("a"), 1)])
        for number in 2...1000 { scene.report("a", Value(number)) }
        #expect(scene.last.isEmpty)
        #expect(scene.machine.counters.progressCoalesced == 998)
        scene.advance(.milliseconds(100))
        #expect(scene.sent == [.progress(Scene.reference("a"), 1000)])
        scene.advance(.milliseconds(100))
        #expect(scene.sent.isEmpty)
    }

    @Test func theLastProgressComesBeforeTheResultAndNoneAfterIt() {
        var scene = Scene()
        scene.dispatch("a")
        scene.report("a", 1)
        scene.report("a", 2)
        scene.finish("a")
        #expect(
            scene.sent == [
                .progress(Scene.reference("a"), 2), .result(Scene.reference("a"), .completed(TaskResult("x"))),
            ])
        scene.report("a", 3)
        #expect(scene.last.isEmpty)
    }

    @Test func oversizedProgressIsDroppedAndCounted() {
        var scene = Scene()
        scene.dispatch("a")
        scene.report("a", .bytes([UInt8](repeating: 0, count: 65 << 10)))
        #expect(scene.last.isEmpty)
        #expect(scene.machine.counters.oversizedProgress == 1)
    }

    @Test func progressOfATimeWithoutACoordinatorIsToldToTheNext() {
        var scene = Scene()
        scene.dispatch("a")
        scene.last = scene.machine.connectionClosed(at: scene.now)
        scene.report("a", 1)
        scene.report("a", 2)
        #expect(scene.last.isEmpty)
        _ = scene.machine.coordinatorFound(endpoint: "tcp://d", epoch: Scene.epoch(2), at: scene.now)
        scene.welcome(epoch: 2, kept: [Scene.reference("a", epoch: 2)])
        scene.advance(.milliseconds(250))
        #expect(scene.sent.first == .progress(Scene.reference("a", epoch: 2), 2))
    }

    @Test func anOversizedResultIsAFailure() {
        var scene = Scene()
        scene.dispatch("a")
        scene.finish("a", 1, .completed(TaskResult(.bytes([UInt8](repeating: 0, count: 17 << 20)))))
        guard case .result(_, .failed(let failure))? = scene.sent.first else {
            Issue.record("no failure was reported")
            return
        }
        #expect(failure.retry == .never)
        #expect(scene.machine.counters.oversizedResults == 1)
    }

    @Test func theNamesOfToolsAndAStatusCountAsPartOfTheResult() {
        let large = String(repeating: "x", count: 9 << 20)
        var scene = Scene()
        scene.dispatch("a", "b")
        scene.finish("a", 1, .completed(TaskResult(.null, usedTools: [large, large])))
        guard case .result(_, .failed)? = scene.sent.first else {
            Issue.record("no failure was reported")
            return
        }
        scene.finish("b", 1, .completed(TaskResult(.string(large), status: large)))
        #expect(scene.machine.counters.oversizedResults == 2)
    }

    @Test func drainingGivesBackWhatHasNotBegunAndLeavesWhenTheRestIsAcknowledged() {
        var scene = Scene()
        scene.dispatch("a", "b")
        scene.last = scene.machine.drain(at: scene.now)
        #expect(scene.sent == [.draining(returned: [Scene.reference("b")])])
        scene.dispatch("c")
        #expect(scene.sent == [.draining(returned: [Scene.reference("c")])])
        scene.finish("a")
        #expect(!scene.last.contains(.drained))
        scene.hear(.acknowledged([Scene.reference("a")]))
        #expect(scene.last == [.send(.goodbye(returned: [])), .drained])
    }

    @Test func whenTheTimeForDrainingIsOverTheRestGoesBack() {
        var scene = Scene()
        scene.dispatch("a")
        _ = scene.machine.drain(at: scene.now)
        scene.last = scene.machine.drainExpired(at: scene.now)
        // Not before it has stopped, or it would run twice at once.
        #expect(scene.cancelled == ["a/1"])
        #expect(scene.sent.isEmpty)
        scene.finish("a", 1, .cancelled(reason: "stopped"))
        #expect(scene.sent == [.draining(returned: [Scene.reference("a")]), .goodbye(returned: [])])
        #expect(scene.last.last == .drained)
    }

    @Test func aResultThatComesJustAfterTheTimeForDrainingStillCounts() {
        var scene = Scene()
        scene.dispatch("a")
        _ = scene.machine.drain(at: scene.now)
        _ = scene.machine.drainExpired(at: scene.now)
        scene.finish("a")
        #expect(scene.sent == [.result(Scene.reference("a"), .completed(TaskResult("x")))])
        scene.hear(.acknowledged([Scene.reference("a")]))
        #expect(scene.last == [.send(.goodbye(returned: [])), .drained])
    }

    @Test func aHandlerThatNeverStopsDoesNotKeepAWorkerFromLeaving() {
        var scene = Scene()
        scene.dispatch("a")
        _ = scene.machine.drain(at: scene.now)
        _ = scene.machine.drainExpired(at: scene.now)
        scene.live(seconds: 9)
        #expect(!scene.last.contains(.drained))
        scene.advance(.seconds(1))
        #expect(scene.last == [.send(.goodbye(returned: [Scene.reference("a")])), .drained])
    }

    @Test func aWorkerThatIsToldToLeaveGivesBackWhatItRunsAtOnce() {
        var scene = Scene()
        scene.dispatch("a")
        scene.last = scene.machine.leave(at: scene.now)
        #expect(scene.cancelled == ["a/1"])
        #expect(scene.sent == [.goodbye(returned: [Scene.reference("a")])])
        #expect(scene.last.last == .drained)
    }
}

extension TaskRequest {
    fileprivate static func limited(_ limit: Duration) -> Self {
        TaskRequest(id: "", source: .submit, payload: .null, timeLimit: limit)
    }
}
