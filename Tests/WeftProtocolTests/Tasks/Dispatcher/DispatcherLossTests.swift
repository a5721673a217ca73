// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherLossTests {
    private typealias Scene = DispatcherScene

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

    @Test func whatWasOnItsWayOverAReplacedConnectionIsDealtAgainSoon() {
        var scene = Scene()
        scene.register()
        for id in ["named", "lost", "begun"] { scene.accept(id) }
        scene.start("begun")
        scene.note(scene.dispatcher.connectionReplaced(Scene.one, at: scene.now))
        scene.live(.milliseconds(2500), holding: [scene.reference("named")])
        #expect(["named", "lost", "begun"].map { scene.dispatcher.record(of: $0)?.status.attempt } == [1, 1, 1])
        scene.live(.milliseconds(500), holding: [scene.reference("named")])
        // What has begun is not on its way: its lease is as long as ever.
        #expect(["named", "lost", "begun"].map { scene.dispatcher.record(of: $0)?.status.attempt } == [1, 2, 1])
        #expect(scene.dispatcher.counters.workerLosses == 0)
    }

    @Test func whatWasOnItsWayOverAClosedConnectionIsDealtAgainSoon() {
        var scene = Scene()
        scene.register()
        scene.accept("lost")
        scene.note(scene.dispatcher.connectionClosed(Scene.one, at: scene.now))
        // The worker is heard, and answers pings: libzmq has connected again, and what was on its way is gone.
        scene.live(.milliseconds(3100))
        #expect(scene.dispatcher.record(of: "lost")?.status.attempt == 2)
        #expect(scene.dispatcher.record(of: "lost")?.status.worker == Scene.one)
        #expect(scene.dispatcher.counters.workerLosses == 0)
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
}
