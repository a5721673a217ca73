// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Testing

@Suite(.timeLimit(.minutes(3))) struct LockedTests {
    @Test(arguments: [Duration.zero, .nanoseconds(-1), .seconds(-5), .seconds(Int64.min), .milliseconds(1)])
    func waitThatHasNoTimeEndsAtOnce(timeout: Duration) {
        #expect(Locked(0).waitAndLock(timeout: timeout, until: { $0 > 0 }, { $0 }) == nil)
    }

    @Test func waitWithAllTimeEndsWhenTheValueIsThere() async {
        let value = Locked(0)
        let waiting = Locked(false)
        let thread = Task.detached {
            value.waitAndLock(
                timeout: .seconds(Int64.max),
                until: { current in
                    waiting.withLock { $0 = true }
                    return current > 0
                }, { $0 })
        }
        while !waiting.withLock({ $0 }) { await Task.yield() }
        value.withLock { $0 = 7 }
        value.wakeWaiters()
        #expect(await thread.value == 7)
    }
}
