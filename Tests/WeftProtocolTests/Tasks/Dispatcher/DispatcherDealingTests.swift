// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherDealingTests {
    private typealias Scene = DispatcherScene

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
}
