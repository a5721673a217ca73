// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// One thing that was measured, and the same done bare.
struct BenchRow {
    /// What was measured.
    var name: String
    /// The figure in operations per second; nil where only times matter.
    var perSecond: Double?
    /// How long one operation took; nil where it was not timed.
    var times: BenchTimes?
    /// What it is measured against.
    var baselineName: String
    /// The baseline's operations per second.
    var baselinePerSecond: Double?
    /// The baseline's times.
    var baselineTimes: BenchTimes?

    /// Further baselines: what they are, and their operations per second.
    var moreBaselines: [(name: String, perSecond: Double)] = []
    /// More about how it went: what it is and how much.
    var details: [(name: String, value: Double)] = []

    /// Ours over the baseline's: throughput where there is one, else the median time.
    var ratio: Double? {
        if let ours = self.perSecond, let theirs = self.baselinePerSecond, theirs > 0 { return ours / theirs }
        if let ours = self.times?.p50, let theirs = self.baselineTimes?.p50, theirs > 0 { return ours / theirs }
        return nil
    }

    /// The row as it is printed with `--json`.
    var value: Value {
        var row: [String: Value] = ["name": .string(self.name), "baseline": .string(self.baselineName)]
        row["per_second"] = self.perSecond.map { .double($0.rounded()) }
        row["times_us"] = self.times?.value
        row["baseline_per_second"] = self.baselinePerSecond.map { .double($0.rounded()) }
        row["baseline_times_us"] = self.baselineTimes?.value
        if !self.moreBaselines.isEmpty {
            row["more_baselines"] = .array(
                self.moreBaselines.map { more in
                    ["name": .string(more.name), "per_second": .double(more.perSecond.rounded())]
                })
        }
        for detail in self.details { row[detail.name] = .double((detail.value * 1000).rounded() / 1000) }
        row["ratio"] = self.ratio.map { .double(($0 * 1000).rounded() / 1000) }
        return .object(row)
    }
}
