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
    /// The whole distribution: ever closer percentiles, and the times that they stay within.
    var percentiles: [(percentile: Double, time: Double)]

    /// Reads the percentiles of a histogram of nanoseconds.
    init(_ histogram: Histogram<UInt64>) {
        self.p50 = Double(histogram.valueAtPercentile(50)) / 1000
        self.p99 = Double(histogram.valueAtPercentile(99)) / 1000
        self.p999 = Double(histogram.valueAtPercentile(99.9)) / 1000
        self.maximum = Double(histogram.max) / 1000
        self.count = histogram.totalCount
        self.percentiles = Self.steps.map { ($0, Double(histogram.valueAtPercentile($0)) / 1000) }
    }

    /// Reads what another process has printed.
    init?(value: Value) {
        guard let p50 = value["p50"]?.doubleValue, let p99 = value["p99"]?.doubleValue,
            let p999 = value["p99_9"]?.doubleValue, let maximum = value["max"]?.doubleValue,
            let count = value["count"]?.intValue
        else { return nil }
        self.p50 = p50
        self.p99 = p99
        self.p999 = p999
        self.maximum = maximum
        self.count = UInt64(clamping: count)
        self.percentiles = (value["percentiles"]?.arrayValue ?? []).compactMap { pair in
            guard let percentile = pair[0]?.doubleValue, let time = pair[1]?.doubleValue else { return nil }
            return (percentile, time)
        }
    }

    /// Half the rest each time, in two steps.
    private static let steps = [
        0, 25, 50, 62.5, 75, 81.25, 87.5, 90.625, 93.75, 95.3125, 96.875, 97.65625, 98.4375, 99, 99.21875, 99.609375,
        99.8046875, 99.9, 99.95, 99.99, 99.999, 100,
    ]

    /// The times as they are printed with `--json`.
    var value: Value {
        [
            "p50": .double(self.p50), "p99": .double(self.p99), "p99_9": .double(self.p999),
            "max": .double(self.maximum), "count": .int(Int64(clamping: self.count)),
            "percentiles": .array(self.percentiles.map { .array([.double($0.percentile), .double($0.time)]) }),
        ]
    }
}
