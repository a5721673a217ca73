// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftProtocol

@testable import Weft

struct PatienceTests {
    private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

    /// A peer that takes one message each time that much has passed.
    ///
    /// - Returns: How long it took until it was left behind.
    private func time(of patience: inout Patience, pause: Duration, free: Duration, limit: Duration) -> Duration? {
        var now = Self.start
        while now - Self.start < limit {
            let full = now
            while now - full < pause {
                if patience.isUsedUp(at: now) { return now - Self.start }
                now = now + .milliseconds(1)
            }
            patience.sent(at: now)
            now = now + free
        }
        return nil
    }

    @Test func whoStandsStillIsLeftBehindAtOnce() {
        var patience = Patience(waitForSlowest: false)
        let time = self.time(of: &patience, pause: .seconds(100), free: .zero, limit: .seconds(100))
        #expect(time == NodeDefaults.patience)
    }

    @Test func whoIsSlowIsLeftBehindAlthoughItMoves() {
        var patience = Patience(waitForSlowest: false)
        let time = self.time(of: &patience, pause: .milliseconds(20), free: .milliseconds(2), limit: .seconds(100))
        #expect(time.map { $0 < .milliseconds(150) } == true)
    }

    @Test func whoIsSlowNowAndThenIsWaitedFor() {
        var patience = Patience(waitForSlowest: false)
        let time = self.time(of: &patience, pause: .milliseconds(20), free: .milliseconds(500), limit: .seconds(100))
        #expect(time == nil)
    }

    @Test func whoWaitsForTheSlowestWaitsAsLongAsItMoves() {
        var patience = Patience(waitForSlowest: true)
        #expect(self.time(of: &patience, pause: .seconds(9), free: .milliseconds(2), limit: .seconds(300)) == nil)
        patience = Patience(waitForSlowest: true)
        let time = self.time(of: &patience, pause: .seconds(100), free: .zero, limit: .seconds(100))
        #expect(time == MeshDefaults.deadAfter)
    }

    @Test func whoIsLeftBehindAgainAndAgainIsWaitedForEverMoreSeldom() {
        var patience = Patience(waitForSlowest: false)
        var now = Self.start
        var rests: [Duration] = []
        for _ in 0..<6 {
            while !patience.isUsedUp(at: now) { now = now + .milliseconds(1) }
            let end = now
            while !patience.isRested(at: now) { now = now + .milliseconds(100) }
            rests.append(now - end)
        }
        #expect(rests == [5, 10, 20, 40, 60, 60].map { .seconds($0) })
        // After a good time it begins anew.
        now = now + .seconds(200)
        while !patience.isUsedUp(at: now) { now = now + .milliseconds(1) }
        #expect(!patience.isRested(at: now + .seconds(4)))
        #expect(patience.isRested(at: now + .seconds(5)))
    }
}
