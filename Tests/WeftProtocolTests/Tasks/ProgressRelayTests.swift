// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftValue

@testable import WeftProtocol

struct ProgressRelayTests {
    private var relay = ProgressRelay()
    private var now = MonotonicTime(nanoseconds: 1 << 40)

    private mutating func report(_ value: Value, platform: Bool = true) -> [ProgressAction] {
        self.relay.reported("a", attempt: 1, value, isForPlatform: platform, at: self.now)
    }

    private mutating func advance(_ duration: Duration) -> [ProgressAction] {
        self.now = self.now + duration
        return self.relay.tick(at: self.now)
    }

    @Test func theFirstIsToldAtOnceAndOfTheRestTheNewest() {
        var scene = self
        #expect(scene.report(1) == [.emit(id: "a", attempt: 1, 1), .push(id: "a", 1)])
        #expect(scene.report(2).isEmpty)
        #expect(scene.report(3).isEmpty)
        #expect(scene.relay.coalesced == 1)
        #expect(scene.advance(.milliseconds(99)).isEmpty)
        #expect(scene.advance(.milliseconds(1)) == [.emit(id: "a", attempt: 1, 3)])
        #expect(scene.advance(.seconds(5)).isEmpty)
    }

    @Test func thePlatformIsToldAtMostOnceASecondAndNotBeforeTheLastPushIsDone() {
        var scene = self
        _ = scene.report(1)
        _ = scene.report(2)
        #expect(!scene.advance(.seconds(2)).contains(.push(id: "a", 2)))
        #expect(scene.relay.pushed("a", at: scene.now) == [.push(id: "a", 2)])
        _ = scene.relay.pushed("a", at: scene.now)
        _ = scene.report(3)
        #expect(!scene.advance(.milliseconds(999)).contains(.push(id: "a", 3)))
        #expect(scene.advance(.milliseconds(1)) == [.push(id: "a", 3)])
    }

    @Test func afterTheEndNothingIsTold() {
        var scene = self
        _ = scene.report(1)
        _ = scene.report(2)
        // The mesh hears the last of it; the platform is told the end instead.
        #expect(scene.relay.ended("a") == [.emit(id: "a", attempt: 1, 2)])
        #expect(scene.relay.count == 0)
        #expect(scene.relay.pushed("a", at: scene.now).isEmpty)
        #expect(scene.advance(.seconds(5)).isEmpty)
    }

    @Test func aSubmittedTaskIsNoneOfThePlatformsBusiness() {
        var scene = self
        #expect(scene.report(1, platform: false) == [.emit(id: "a", attempt: 1, 1)])
    }
}
