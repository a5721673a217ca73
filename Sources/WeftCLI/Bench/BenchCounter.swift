// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization
import WeftValue

/// Counts what arrives, from the first to the last.
final class BenchCounter: Sendable {
    private let count = Atomic<Int>(0)
    private let first = Atomic<UInt64>(0)
    private let start = ContinuousClock.now

    /// One more has arrived.
    func add() {
        if self.count.add(1, ordering: .relaxed).oldValue == 0 {
            self.first.store((ContinuousClock.now - self.start).nanoseconds, ordering: .relaxed)
        }
    }

    /// How many have arrived, and in what time.
    var report: Value {
        let now = (ContinuousClock.now - self.start).nanoseconds
        let seconds = Double(now - min(now, self.first.load(ordering: .relaxed))) / 1e9
        return ["received": .int(Int64(self.count.load(ordering: .relaxed))), "seconds": .double(seconds)]
    }
}
