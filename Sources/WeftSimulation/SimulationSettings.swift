// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How large a simulated schedule is, and what is broken in it on purpose.
package struct SimulationSettings: Sendable {
    /// How many tasks are submitted.
    package var tasks = 200
    /// How many faults happen, at the least and at the most.
    package var faults = 5...10
    /// Over how long tasks come and faults happen, in milliseconds; afterwards everything must come to its end.
    package var span: UInt64 = 40_000
    /// How long everything may take to end once the faults are over, in milliseconds.
    package var patience: UInt64 = 600_000
    /// Whether nothing happens but tasks that complete: a run to hold others against.
    package var isPlain = false
    /// Whether processes begin and end, and find each other, as a cluster says: there are no faults but its.
    package var isDriven = false
    /// What is broken on purpose, to see that it is noticed; nil for nothing.
    package var mutant: SimulationMutant?

    /// The settings of the long check.
    package init() {}

    /// A run without faults, in which every task completes.
    package static var plain: Self {
        var settings = Self()
        settings.tasks = 50
        settings.faults = 0...0
        settings.span = 3000
        settings.isPlain = true
        return settings
    }

    /// Settings for schedules that are quick also in a debug build.
    package static var short: Self {
        var settings = Self()
        settings.tasks = 40
        settings.span = 15_000
        return settings
    }
}
