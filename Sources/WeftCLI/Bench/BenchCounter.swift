// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Histogram
import Locking
import Synchronization
import WeftValue

/// Counts what arrives, from the first to the last, and how late it was.
final class BenchCounter: Sendable {
    private let count = Atomic<Int>(0)
    private let first = Atomic<UInt64>(0)
    private let lateness = Locked(Histogram<UInt64>(highestTrackableValue: 600_000_000_000))

    /// One more has arrived.
    func add() {
        if self.count.add(1, ordering: .relaxed).oldValue == 0 { self.first.store(BenchClock.now, ordering: .relaxed) }
    }

    /// One more has arrived that was due at a time.
    func add(due: UInt64) {
        let now = BenchClock.now
        self.lateness.withLock { _ = $0.record(now - min(now, due)) }
        self.add()
    }

    private let wasted = Locked<[UInt8]>([])

    /// Makes so many arrays.
    func waste(_ count: Int) {
        for index in 0..<count {
            self.wasted.withLock { $0 = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 64) }
        }
    }

    /// How many have arrived.
    var received: Int { self.count.load(ordering: .relaxed) }

    /// How many have arrived, between what times, and how late.
    var report: Value {
        var report: [String: Value] = [
            "received": .int(Int64(self.received)), "first": .int(Int64(clamping: self.first.load(ordering: .relaxed))),
            "last": .int(Int64(clamping: BenchClock.now)),
        ]
        let lateness = self.lateness.withLock { $0 }
        if lateness.totalCount > 0 { report["times"] = BenchTimes(lateness).value }
        return .object(report)
    }
}
