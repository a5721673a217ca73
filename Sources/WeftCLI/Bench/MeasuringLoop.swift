// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Histogram

/// Repeats an operation for a while and times it in runs of a hundred, since a clock costs as much as a quick operation.
struct MeasuringLoop {
    /// How long.
    var seconds: Double
    /// How many operations, however long they take; nil to go by the time.
    var count: Int?
    private static let run = 100

    /// What a loop found.
    struct Result {
        var perSecond: Double
        var times: BenchTimes
    }

    init(seconds: Double, count: Int? = nil) {
        self.seconds = seconds
        self.count = count
    }

    /// Repeats an operation.
    func run(_ operation: () -> Void) -> Result {
        var tally = Tally(seconds: self.seconds, limit: self.count)
        while tally.goesOn {
            for _ in 0..<Self.run { operation() }
            tally.add(Self.run)
        }
        return tally.result
    }

    /// Repeats an operation that can be awaited.
    func run(_ operation: () async -> Void) async -> Result {
        var tally = Tally(seconds: self.seconds, limit: self.count)
        while tally.goesOn {
            for _ in 0..<Self.run { await operation() }
            tally.add(Self.run)
        }
        return tally.result
    }

    private struct Tally {
        private let start = ContinuousClock.now
        private let end: ContinuousClock.Instant
        private var last = ContinuousClock.now
        private let limit: Int?
        private var count = 0
        private var histogram = Histogram<UInt64>(highestTrackableValue: 60_000_000_000)

        init(seconds: Double, limit: Int?) {
            self.limit = limit
            self.end = self.start + .seconds(seconds)
        }

        var goesOn: Bool {
            if let limit { return self.count < limit }
            return self.last < self.end
        }

        mutating func add(_ operations: Int) {
            let now = ContinuousClock.now
            let nanoseconds = (now - self.last).nanoseconds / UInt64(operations)
            self.histogram.record(nanoseconds, count: UInt64(operations))
            self.count += operations
            self.last = now
        }

        var result: Result {
            Result(
                perSecond: Double(self.count) / max(Double((self.last - self.start).nanoseconds) / 1e9, 1e-9),
                times: BenchTimes(self.histogram))
        }
    }
}

extension Duration {
    /// Whole nanoseconds, none below zero.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = self.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) &* 1_000_000_000 &+ UInt64(attoseconds / 1_000_000_000)
    }
}
