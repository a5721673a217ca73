// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What happened in many schedules together.
package struct SimulationTotals<Report: SimulationOutcome>: Sendable {
    /// How many schedules ran.
    package private(set) var schedules = 0
    /// The events of all.
    package private(set) var events = 0
    /// The fewest faults of any.
    package private(set) var fewestFaults = Int.max
    /// The least work of any: events emitted, or tasks that ended.
    package private(set) var leastWork = Int.max
    /// The shortest of all, in milliseconds of its own time.
    package private(set) var shortest = UInt64.max
    /// A number that differs when anything about any run does.
    package private(set) var digest: UInt64 = 0
    private var counts: [Int] = Array(repeating: 0, count: Report.kinds.count)

    /// Creates totals of nothing.
    package init() {}

    /// Adds a schedule.
    package mutating func add(_ report: Report) {
        self.schedules += 1
        self.events += report.events
        self.fewestFaults = min(self.fewestFaults, report.faults)
        self.leastWork = min(self.leastWork, report.work)
        self.shortest = min(self.shortest, report.duration)
        self.digest = self.digest &+ report.digest
        for (index, kind) in Report.kinds.enumerated() where kind.count(report) > 0 { self.counts[index] += 1 }
    }

    /// Adds other totals.
    package mutating func add(_ other: Self) {
        self.schedules += other.schedules
        self.events += other.events
        self.fewestFaults = min(self.fewestFaults, other.fewestFaults)
        self.leastWork = min(self.leastWork, other.leastWork)
        self.shortest = min(self.shortest, other.shortest)
        self.digest = self.digest &+ other.digest
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
    }

    /// In how many schedules each kind of thing happened.
    package var shares: [(name: String, schedules: Int)] {
        zip(Report.kinds, self.counts).map { ($0.name, $1) }
    }

    /// What happened in fewer than one schedule of a hundred, and so was not really tried.
    package var rare: [String] {
        self.shares.filter { $0.schedules * 100 < self.schedules }.map(\.name)
    }
}
