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

        mutating func dispatch(_ ids: String..., attempt: Int = 1, deadline: Date? = nil, epoch: UInt64 = 1) {
            self.hear(
                .dispatch(
                    ids.map {
                        TaskRequest(id: $0, attempt: attempt, source: .submit, payload: .null, deadline: deadline)
                    }),
                epoch: epoch)
        }

        mutating func finish(_ id: String, _ attempt: Int = 1, _ outcome: TaskOutcome = .completed(TaskResult("x"))) {
            self.last = self.machine.finished(id: id, attempt: attempt, outcome, at: self.now)
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
        for _ in 0..<100 {
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
        #expect(scene.sent == [.result(Scene.reference("b", epoch: 2), .completed(TaskResult("x")))])
        scene.finish("a")
        #expect(scene.sent == [.result(Scene.reference("a", epoch: 2), .completed(TaskResult("x")))])
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

    @Test func aTaskBeyondItsTimeLimitFails() {
        var scene = Scene()
        scene.dispatch("a", deadline: scene.now.date.addingTimeInterval(2))
        scene.live(seconds: 1)
        scene.advance(.seconds(1))
        #expect(scene.cancelled == ["a/1"])
        scene.finish("a", 1, .cancelled(reason: "stopped"))
        guard case .result(_, .failed(let failure))? = scene.sent.first else {
            Issue.record("no failure was reported: \(scene.last)")
            return
        }
        #expect(failure.message.contains("time limit"))
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
        #expect(scene.cancelled == ["a/1"])
        #expect(scene.sent == [.goodbye(returned: [Scene.reference("a")])])
        #expect(scene.last.last == .drained)
    }
}
