// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// How many tasks run at once, and how fast they are dealt.
struct DispatcherLimitTests {
    private typealias Scene = DispatcherScene

    @Test func noMoreRunInAllThanAllowed() {
        var scene = Scene { $0.maximumRunning = 3 }
        scene.register(slots: 10)
        for id in ["a", "b", "c", "d", "e"] { scene.accept(id, queue: id) }
        #expect(scene.dispatcher.heldCount == 3)
        scene.finish("a")
        #expect(scene.deals == [Scene.one: ["d/1"]])
        scene.finish("b", 1, .failed(TaskFailure("x")))
        #expect(scene.deals == [Scene.one: ["e/1"]])
    }

    @Test func noMoreOfAQueueRunThanAllowedAndOthersGoOn() {
        var scene = Scene { $0.queues = ["mail": QueueConfiguration(maximumRunning: 2)] }
        scene.register(slots: 10)
        for index in 0..<4 { scene.accept("m\(index)", queue: "mail") }
        for index in 0..<4 { scene.accept("d\(index)") }
        #expect(scene.dispatcher.heldCount == 6)
        scene.finish("d0")
        #expect(scene.deals.isEmpty)
        scene.finish("m0")
        #expect(scene.deals == [Scene.one: ["m2/1"]])
    }

    @Test func theDefaultHoldsForEachOtherQueueByItself() {
        var scene = Scene { $0.defaultQueue = QueueConfiguration(maximumRunning: 1) }
        scene.register(slots: 10)
        for queue in ["x", "y"] { for index in 0..<3 { scene.accept("\(queue)\(index)", queue: queue) } }
        #expect(scene.dispatcher.heldCount == 2)
    }

    @Test func noMoreOfAKeyRunThanAllowedAndTheyKeepTheirOrder() {
        var scene = Scene { $0.defaultQueue = QueueConfiguration(maximumRunningPerKey: 1) }
        scene.register(slots: 10)
        for index in 0..<3 {
            for key in ["x", "y"] { scene.submit(TaskSubmission(id: "\(key)\(index)", key: key, payload: .null)) }
        }
        scene.submit(TaskSubmission(id: "none", payload: .null))
        #expect(scene.held() == ["x0", "y0", "none"])
        scene.finish("x0")
        #expect(scene.deals == [Scene.one: ["x1/1"]])
        scene.finish("y0", 1, .failed(TaskFailure("x")))
        #expect(scene.deals == [Scene.one: ["y1/1"]])
        scene.finish("y1")
        scene.finish("y2")
        #expect(scene.deals.isEmpty)
    }

    @Test func aCancelledTaskDoesNotHoldUpTheOthersOfItsKey() {
        var scene = Scene { $0.defaultQueue = QueueConfiguration(maximumRunningPerKey: 1) }
        scene.register(slots: 10)
        for id in ["a", "b", "c"] { scene.submit(TaskSubmission(id: id, key: "k", payload: .null)) }
        scene.note(scene.dispatcher.connectionClosed(Scene.one, at: scene.now))
        // The next of the key leaves its parking place, and is cancelled while nobody can take it.
        scene.finish("a")
        #expect(scene.deals.isEmpty)
        scene.note(scene.dispatcher.cancel("b", reason: "no", at: scene.now))
        scene.register(Scene.two)
        #expect(scene.deals == [Scene.two: ["c/1"]])
    }

    @Test func ofOneKeyTheMoreUrgentGoesFirst() {
        var scene = Scene { $0.defaultQueue = QueueConfiguration(maximumRunningPerKey: 1) }
        scene.register(slots: 10)
        scene.submit(TaskSubmission(id: "a", key: "k", payload: .null))
        scene.submit(TaskSubmission(id: "lazy", key: "k", payload: .null))
        scene.submit(TaskSubmission(id: "urgent", key: "k", payload: .null, priority: 5))
        scene.finish("a")
        #expect(scene.deals == [Scene.one: ["urgent/1"]])
    }

    @Test func aRateLetsABurstGoAndThenSoManyASecond() {
        var scene = Scene { $0.defaultQueue = QueueConfiguration(rate: 10, burst: 3) }
        scene.register(slots: 100)
        for index in 0..<20 { scene.accept("t\(index)") }
        #expect(scene.dispatcher.heldCount == 3)
        let due = scene.dispatcher.nextDue
        #expect(due.map { $0 - scene.now.monotonic <= .milliseconds(101) } == true)
        scene.advance(.milliseconds(99))
        #expect(scene.dispatcher.heldCount == 3)
        scene.advance(.milliseconds(2))
        #expect(scene.dispatcher.heldCount == 4)
        for _ in 0..<9 { scene.advance(.milliseconds(100)) }
        #expect(scene.dispatcher.heldCount == 13)
    }

    @Test func aQueueWithARateDoesNotHoldUpOthers() {
        var scene = Scene { $0.queues = ["slow": QueueConfiguration(rate: 1)] }
        scene.register(slots: 10)
        for index in 0..<3 { scene.accept("s\(index)", queue: "slow") }
        for index in 0..<3 { scene.accept("d\(index)") }
        #expect(scene.dispatcher.heldCount == 4)
    }

    @Test func limitsHoldAfterARestart() {
        let configure: (inout DispatcherConfiguration) -> Void = {
            $0.maximumRunning = 5
            $0.defaultQueue = QueueConfiguration(maximumRunning: 3, maximumRunningPerKey: 1)
        }
        var before = Scene(configure)
        before.register(slots: 10)
        for index in 0..<6 {
            before.submit(TaskSubmission(id: "t\(index)", key: "k\(index % 2)", payload: .null))
        }
        #expect(before.dispatcher.heldCount == 2)
        var scene = before.restarted(configure)
        #expect(scene.dispatcher.heldCount == 2)
        scene.register(Scene.two, slots: 10)
        #expect(scene.deals.isEmpty)
        let held = before.held().sorted()
        scene.register(session: 2, held: held.map { before.reference($0) })
        scene.say(.result(scene.reference(held[0], 1, epoch: 2), .completed(TaskResult(.null))))
        #expect(scene.dispatcher.heldCount == 2)
        #expect(scene.deals.values.flatMap(\.self) == ["t2/1"])
    }

    @Test func aRateBeginsWithNothingInHandAfterARestart() {
        let configure: (inout DispatcherConfiguration) -> Void = {
            $0.defaultQueue = QueueConfiguration(rate: 1, burst: 5)
        }
        var before = Scene(configure)
        for index in 0..<9 { before.accept("t\(index)") }
        var scene = before.restarted(configure)
        scene.register(slots: 10)
        #expect(scene.dispatcher.heldCount == 0)
        scene.advance(.milliseconds(1001))
        #expect(scene.dispatcher.heldCount == 1)
    }

    @Test func aTaskMayCostAsManyWorkersAsItSays() {
        var scene = Scene()
        scene.submit(TaskSubmission(id: "a", payload: .null, workerLosses: 1))
        scene.register()
        scene.start("a")
        scene.note(scene.dispatcher.lost(Scene.one, reason: "killed", at: scene.now))
        #expect(scene.ended.map(\.status.state) == [.dead])
    }
}
