// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What happened in many schedules together.
package struct SimulationTotals: Sendable {
    /// How many schedules ran.
    package private(set) var schedules = 0
    /// The events of all.
    package private(set) var events = 0
    /// The tasks of all.
    package private(set) var tasks = 0
    /// The fewest faults of any.
    package private(set) var fewestFaults = Int.max
    /// A number that differs when anything about any run does.
    package private(set) var digest: UInt64 = 0
    private var counts: [Int] = Array(repeating: 0, count: Self.kinds.count)

    private static let kinds: [(name: String, count: @Sendable (SimulationReport) -> Int)] = [
        ("a reclaim", { $0.reclaims }), ("a stale result", { $0.staleResults }),
        ("an epoch change", { $0.epochChanges }), ("a dead letter", { $0.deadLetters }),
        ("a failure of the coordinator's machine", { $0.machineFailures }), ("a worker killed", { $0.workersKilled }),
        ("a task requeued", { $0.requeues }), ("a task cancelled", { $0.cancelled }),
        ("a task expired", { $0.expired }), ("a task that came twice", { $0.repeated }),
        ("a handler that ran twice", { $0.ranTwice }),
    ]

    /// Creates totals of nothing.
    package init() {}

    /// Adds a schedule.
    package mutating func add(_ report: SimulationReport, tasks: Int) {
        self.schedules += 1
        self.events += report.events
        self.tasks += tasks
        self.fewestFaults = min(self.fewestFaults, report.faults)
        self.digest = self.digest &+ report.digest
        for (index, kind) in Self.kinds.enumerated() where kind.count(report) > 0 { self.counts[index] += 1 }
    }

    /// Adds other totals.
    package mutating func add(_ other: Self) {
        self.schedules += other.schedules
        self.events += other.events
        self.tasks += other.tasks
        self.fewestFaults = min(self.fewestFaults, other.fewestFaults)
        self.digest = self.digest &+ other.digest
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
    }

    /// In how many schedules each kind of thing happened.
    package var shares: [(name: String, schedules: Int)] {
        zip(Self.kinds, self.counts).map { ($0.name, $1) }
    }

    /// What happened in fewer than one schedule of a hundred, and so was not really tried.
    package var rare: [String] {
        self.shares.filter { $0.schedules * 100 < self.schedules }.map(\.name)
    }
}
