// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// How long events gather before a message of them leaves.
///
/// Each message costs several wake-ups of threads on its way, some tens of microseconds of the machine's time in all. When
/// events come one by one that is nothing, and each leaves at once. The more of them come, the longer the next message
/// waits for more, up to a bound that is a small part of what a message under such load takes anyway; a full one never
/// waits.
struct OutboxPace {
    /// The longest that events gather.
    static let longest: Duration = .microseconds(200)
    /// By how many events a millisecond the wait is the longest.
    static let fastest = 200.0

    /// Events a millisecond, lately.
    private var rate = 0.0
    private var last: MonotonicTime?

    /// When the next message may leave though it is not full; nil for at once.
    private(set) var due: MonotonicTime?

    /// A message has left.
    mutating func left(_ events: Int, at now: MonotonicTime) {
        if let last = self.last {
            let elapsed = max((now - last).milliseconds, 0.001)
            // Half of the old rate is forgotten within a millisecond.
            let weight = min(1, elapsed / 2)
            self.rate += (Double(events) / elapsed - self.rate) * weight
        }
        self.last = now
        let wait = Self.longest * min(1, self.rate / Self.fastest)
        self.due = wait < .microseconds(5) ? nil : now + wait
    }

    func isDue(at now: MonotonicTime) -> Bool {
        self.due.map { $0 <= now } ?? true
    }
}

extension Duration {
    fileprivate var milliseconds: Double { self / .milliseconds(1) }
}
