// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// How the queues share the workers.
struct DispatcherSharingTests {
    private typealias Scene = DispatcherScene

    /// Ends the oldest task that a worker holds, and notes from which queue comes what takes its place.
    private static func dealOne(_ scene: inout Scene, by worker: NodeID = Scene.one, _ dealt: inout [String: Int]) {
        let held = scene.held(by: worker).compactMap { scene.dispatcher.entries[$0] }
        guard let oldest = held.min(by: { $0.order < $1.order }) else { return }
        scene.finish(oldest.task.id, oldest.status.attempt, by: worker)
        for task in scene.deals.values.joined() { dealt[String(task.prefix(1)), default: 0] += 1 }
        scene.all = []
    }

    @Test func queuesShareByTheirWeights() {
        var scene = Scene { $0.queues = ["a": QueueConfiguration(weight: 3), "c": QueueConfiguration(weight: 6)] }
        for index in 0..<400 { for queue in ["a", "b", "c"] { scene.accept("\(queue)\(index)", queue: queue) } }
        scene.register(slots: 4)
        var dealt: [String: Int] = [:]
        for _ in 0..<500 { Self.dealOne(&scene, &dealt) }
        #expect(dealt.values.reduce(0, +) == 500)
        #expect(abs((dealt["a"] ?? 0) - 150) <= 3, "\(dealt)")
        #expect(abs((dealt["b"] ?? 0) - 50) <= 3, "\(dealt)")
        #expect(abs((dealt["c"] ?? 0) - 300) <= 3, "\(dealt)")
    }

    @Test func aQueueThatWasEmptyHasNoClaimToWhatItDidNotTake() {
        var scene = Scene()
        for index in 0..<300 { scene.accept("a\(index)", queue: "a") }
        scene.register(slots: 1)
        var dealt: [String: Int] = [:]
        for _ in 0..<100 { Self.dealOne(&scene, &dealt) }
        for index in 0..<100 { scene.accept("b\(index)", queue: "b") }
        dealt = [:]
        for _ in 0..<40 { Self.dealOne(&scene, &dealt) }
        #expect(abs((dealt["a"] ?? 0) - 20) <= 1, "\(dealt)")
    }

    @Test func aQueueThatNobodyServedForLongDoesNotStarveOthersAfterwards() {
        var scene = Scene()
        scene.register(Scene.two, slots: 1, queues: ["b"])
        for index in 0..<500 { scene.accept("b\(index)", queue: "b") }
        scene.register(Scene.one, slots: 1, queues: ["a"])
        for index in 0..<500 { scene.accept("a\(index)", queue: "a") }
        var dealt: [String: Int] = [:]
        for _ in 0..<300 { Self.dealOne(&scene, by: Scene.two, &dealt) }
        #expect(dealt == ["b": 300])
        // From here on they share one worker.
        scene.note(scene.dispatcher.lost(Scene.one, reason: "killed", at: scene.now))
        scene.note(scene.dispatcher.lost(Scene.two, reason: "killed", at: scene.now))
        scene.register(Scene.node(3), slots: 1)
        dealt = [:]
        for _ in 0..<100 { Self.dealOne(&scene, by: Scene.node(3), &dealt) }
        #expect((dealt["b"] ?? 0) >= 30, "\(dealt)")
    }

    @Test func urgentTasksOfOneQueueDoNotTakeTheOthersShare() {
        var scene = Scene()
        for index in 0..<100 {
            scene.accept("a\(index)", priority: 100, queue: "a")
            scene.accept("b\(index)", queue: "b")
        }
        scene.register(slots: 1)
        var dealt: [String: Int] = [:]
        for _ in 0..<50 { Self.dealOne(&scene, &dealt) }
        #expect(abs((dealt["b"] ?? 0) - 25) <= 1, "\(dealt)")
    }

    @Test func theSameSeedDealsTheSame() {
        func run() -> [DispatcherAction] {
            var scene = Scene()
            for index in 0..<60 { scene.accept("t\(index)", queue: "q\(index % 7)") }
            for number in 1...5 { scene.register(Scene.node(UInt8(number)), slots: 3) }
            return scene.all
        }
        let first = run()
        for _ in 0..<5 { #expect(run() == first) }
    }

    /// Thousands of keys, most of them at their limit, and workers without room: what cannot be dealt costs nothing.
    @Test func dealingCostsTheSameHoweverMuchWaits() {
        func costOfADeal(tasks: Int, keys: Int, queues: Int) -> Duration {
            var scene = Scene { $0.defaultQueue = QueueConfiguration(maximumRunningPerKey: 1) }
            scene.register(slots: 8)
            for index in 0..<tasks {
                _ = scene.dispatcher.accept(
                    TaskSubmission(
                        id: "t\(index)", queue: "q\(index % queues)", key: "k\(index % keys)", payload: .null),
                    stored: nil, at: scene.now)
            }
            let count = 1000
            let start = ContinuousClock.now
            for _ in 0..<count {
                guard let place = scene.dispatcher.workers[Scene.one]?.held.first else { break }
                let id = scene.dispatcher.entries[place].task.id
                _ = scene.dispatcher.received(
                    .result(scene.reference(id), .completed(TaskResult(.null))), from: Scene.one, at: scene.now)
            }
            #expect(scene.dispatcher.counters.completed == count)
            #expect(scene.dispatcher.heldCount == 9)
            return (ContinuousClock.now - start) / count
        }
        let few = costOfADeal(tasks: 1200, keys: 100, queues: 5)
        let many = costOfADeal(tasks: 60_000, keys: 5000, queues: 50)
        // A look at every task, or at every key, would make it fifty times as much.
        #expect(many < few * 15, "\(few) for each of few, \(many) for each of many")
    }
}
