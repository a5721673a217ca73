// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How large a simulated schedule of a whole cluster is, and what is broken in it on purpose.
package struct ClusterSettings: Sendable {
    /// How many nodes run at once.
    package var nodes = 5
    /// How many events are emitted, all nodes together.
    package var emitted = 500
    /// How many faults happen, at the least and at the most.
    package var faults = 5...9
    /// How long a schedule lasts at least, in milliseconds.
    package var span: UInt64 = 60_000
    /// Until when faults begin, in milliseconds; the last of them is over some 15 s later.
    package var faultsUntil: UInt64 = 34_000
    /// How long everything may take to come to rest once the last fault is over, in milliseconds.
    ///
    /// A node that only a dead one knew finds the others within a minute; then a dead origin is waited for.
    package var patience: UInt64 = 100_000
    /// How many tasks are submitted where dispatch runs too.
    package var tasks = 8
    /// Dispatch runs in one schedule of so many; 0 for none.
    package var dispatchEvery: UInt64 = 2
    /// The nodes have their real buses in one schedule of so many; 0 for none.
    package var busEvery: UInt64 = 8
    /// One message of so many, of either kind, goes through the wire codec; 0 for none.
    package var codecEvery: UInt64 = 32
    /// What is broken on purpose, to see that it is noticed; nil for nothing.
    package var mutant: ClusterMutant?

    /// The settings of the long check.
    package init() {}

    /// Settings for schedules that are quick also in a debug build.
    package static var short: Self {
        var settings = Self()
        settings.emitted = 100
        settings.faults = 5...7
        settings.span = 30_000
        settings.faultsUntil = 14_000
        settings.tasks = 3
        settings.dispatchEvery = 4
        return settings
    }
}
