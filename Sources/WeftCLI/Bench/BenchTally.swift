// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// What the receivers of a measurement have seen, all together.
struct BenchTally {
    /// Events that arrived, at all receivers.
    var received = 0
    /// When the first one arrived anywhere.
    var first = UInt64.max
    /// When the last one arrived.
    var last: UInt64 = 0
    /// How late they were, by the slowest receiver's median; nil where nothing was due.
    var times: BenchTimes?

    /// Adds one receiver's report.
    ///
    /// - Parameters:
    ///   - report: What BenchCounter/report said.
    ///   - expected: How many it should have seen; another number makes the run invalid.
    mutating func add(_ report: Value, expected: Int) throws(CommandFailure) {
        guard let received = report["received"]?.intValue, let first = report["first"]?.intValue,
            let last = report["last"]?.intValue, first < last
        else { throw CommandFailure(.failed, "the receiver's report makes no sense: \(report.json())") }
        guard received == expected else {
            throw CommandFailure(
                .failed, "a receiver saw \(received) of \(expected) events: this run counts for nothing")
        }
        self.received += Int(clamping: received)
        self.first = min(self.first, UInt64(clamping: first))
        self.last = max(self.last, UInt64(clamping: last))
        if let times = report["times"].flatMap(BenchTimes.init(value:)), times.p50 >= self.times?.p50 ?? 0 {
            self.times = times
        }
    }

    /// Events a second, at all receivers together.
    var perSecond: Double { Double(self.received) / max(Double(self.last - min(self.first, self.last)) / 1e9, 1e-9) }
}
