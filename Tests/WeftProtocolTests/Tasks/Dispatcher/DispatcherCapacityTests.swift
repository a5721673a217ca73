// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherCapacityTests {
    private typealias Scene = DispatcherScene

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
        scene.start("a")
        scene.finish("a")
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: true)))
        let report = try #require(scene.reports.first)
        scene.note(scene.dispatcher.reportSettled(report, at: scene.now))
        #expect(scene.last.contains(.capacity(agentID: "x", isBusy: false)))
    }
}
