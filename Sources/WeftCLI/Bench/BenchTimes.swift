// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Histogram
import WeftValue

/// How long operations took, in microseconds.
struct BenchTimes {
    var p50: Double
    var p99: Double
    var p999: Double
    var maximum: Double
    /// How many were timed.
    var count: UInt64

    /// Reads the percentiles of a histogram of nanoseconds.
    init(_ histogram: Histogram<UInt64>) {
        self.p50 = Double(histogram.valueAtPercentile(50)) / 1000
        self.p99 = Double(histogram.valueAtPercentile(99)) / 1000
        self.p999 = Double(histogram.valueAtPercentile(99.9)) / 1000
        self.maximum = Double(histogram.max) / 1000
        self.count = histogram.totalCount
    }

    /// The times as they are printed with `--json`.
    var value: Value {
        [
            "p50": .double(self.p50), "p99": .double(self.p99), "p99_9": .double(self.p999),
            "max": .double(self.maximum), "count": .int(Int64(clamping: self.count)),
        ]
    }
}
