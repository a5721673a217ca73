// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftProtocol

@testable import Weft

/// How long events gather before a message of them leaves.
struct OutboxPaceTests {
    @Test func eventsThatComeOneByOneLeaveAtOnce() {
        var pace = OutboxPace()
        for millisecond in UInt64(0)..<100 {
            let now = MonotonicTime(nanoseconds: millisecond * 1_000_000)
            #expect(pace.isDue(at: now))
            pace.left(1, at: now)
        }
        #expect(pace.isDue(at: MonotonicTime(nanoseconds: 99_000_000)))
    }

    @Test func theMoreEventsComeTheLongerTheyGatherUpToABound() {
        var waits: [Duration] = []
        for rate in [10, 50, 100, 200, 10_000] as [Int] {
            var pace = OutboxPace()
            var now = MonotonicTime(nanoseconds: 0)
            for _ in 0..<1000 {
                now = now + .milliseconds(1)
                pace.left(rate, at: now)
            }
            waits.append(pace.due.map { $0 - now } ?? .zero)
        }
        #expect(waits == waits.sorted())
        #expect(waits[0] < .microseconds(20))
        #expect(waits[1] < .microseconds(100))
        #expect(waits[3] > .microseconds(150))
        #expect(waits[4] == OutboxPace.longest)
    }

    @Test func whatComesAfterTheRushLeavesAtOnceAgain() {
        var pace = OutboxPace()
        var now = MonotonicTime(nanoseconds: 0)
        for _ in 0..<100 {
            now = now + .microseconds(200)
            pace.left(1000, at: now)
        }
        #expect(!pace.isDue(at: now + .microseconds(100)))
        #expect(pace.isDue(at: now + .microseconds(201)))
        now = now + .milliseconds(10)
        pace.left(1, at: now)
        #expect(pace.isDue(at: now + .microseconds(5)))
    }
}
