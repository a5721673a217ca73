// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherCancelTests {
    private typealias Scene = DispatcherScene

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
}
