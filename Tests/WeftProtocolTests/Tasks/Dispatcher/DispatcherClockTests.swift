// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

/// The wall clock is put forward and back; what waits keeps its time.
struct DispatcherClockTests {
    private typealias Scene = DispatcherScene

    @Test(arguments: [-86_400.0, -10, 10, 86_400])
    func aClockThatIsPutBeginsAndEndsNothing(seconds: Double) {
        var scene = Scene()
        scene.register(queues: ["default"])
        let date = scene.now.date
        scene.submit(TaskSubmission(id: "later", payload: .null, notBefore: date.addingTimeInterval(100)))
        scene.submit(TaskSubmission(id: "waits", queue: "nobody", payload: .null, waitLimit: .seconds(50)))
        scene.submit(TaskSubmission(id: "all", queue: "nobody", payload: .null, totalLimit: .seconds(60)))
        scene.now.date += seconds
        scene.advance(.seconds(1))
        #expect(scene.dispatcher.counters.clockJumps == 1)
        #expect(scene.last.contains { if case .announce(.clockJumped) = $0 { true } else { false } })
        scene.live(.milliseconds(48_500))
        #expect(scene.state("waits") == .queued)
        scene.live(.milliseconds(500))
        #expect(scene.ledger["waits"]?.status.state == .expired)
        scene.live(.milliseconds(9500))
        #expect(scene.state("all") == .queued)
        scene.live(.milliseconds(500))
        #expect(scene.ledger["all"]?.status.state == .expired)
        scene.live(.milliseconds(39_500))
        #expect(scene.state("later") == .queued)
        scene.live(.seconds(1))
        #expect(scene.state("later") == .leased)
        #expect(scene.dispatcher.counters.clockJumps == 1)
    }

    @Test(arguments: [-86_400.0, 86_400])
    func aClockThatWasPutBeforeARestartMisleadsNobody(seconds: Double) {
        var before = Scene()
        before.submit(
            TaskSubmission(id: "later", payload: .null, notBefore: before.now.date.addingTimeInterval(100)))
        before.submit(TaskSubmission(id: "all", payload: .null, totalLimit: .seconds(60)))
        before.now.date += seconds
        before.advance(.seconds(10))
        var scene = before.restarted(after: .seconds(10))
        scene.advance(.seconds(39))
        #expect(scene.state("all") == .queued)
        scene.advance(.seconds(2))
        #expect(scene.ledger["all"]?.status.state == .expired)
        scene.register()
        #expect(scene.state("later") == .queued)
        scene.live(.seconds(40))
        #expect(scene.state("later") == .leased)
    }

    @Test func aClockThatIsPutBackDuringARestartMakesNothingWaitLongerThanFromTheStart() {
        var before = Scene()
        before.submit(TaskSubmission(id: "all", payload: .null, totalLimit: .seconds(60)))
        var scene = before.restarted(after: .seconds(10), clockPut: -86_400)
        scene.advance(.seconds(59))
        #expect(scene.state("all") == .queued)
        scene.advance(.seconds(1))
        #expect(scene.ended.map(\.status.state) == [.expired])
    }

    @Test func clocksThatDriftALittleHaveNotJumped() {
        var scene = Scene()
        for _ in 0..<100 {
            scene.now.date += 0.05
            scene.advance(.seconds(1))
        }
        #expect(scene.dispatcher.counters.clockJumps == 0)
    }

    @Test func leasesDoNotCareAboutTheWallClock() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.start("a")
        scene.now.date += 3600
        scene.live(.seconds(20), holding: [scene.reference("a")])
        #expect(scene.state("a") == .running)
        #expect(scene.dispatcher.record(of: "a")?.status.attempt == 1)
    }
}
