// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftProtocol

/// The process's clocks, as state machines are handed them.
enum ProcessClock {
    private static let origin = ContinuousClock.now

    /// The moment at which this is called.
    static var now: Moment {
        Moment(monotonic: self.monotonic, date: Date())
    }

    /// The time since this process first asked.
    static var monotonic: MonotonicTime {
        // A start of an hour lets "an hour ago" be said without running into the clock's own start.
        MonotonicTime(nanoseconds: 3_600_000_000_000) + self.origin.duration(to: .now)
    }
}
