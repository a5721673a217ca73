// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What happened in a schedule; a schedule in which nothing happens proves nothing.
package struct SimulationReport: Hashable, Sendable {
    /// Events processed.
    package var events = 0
    /// A number that differs when anything about the run does.
    package var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    /// How long the run lasted in its own time, in milliseconds.
    package var duration: UInt64 = 0
    /// Faults of all kinds.
    package var faults = 0
    /// Coordinators that began after the first.
    package var epochChanges = 0
    /// Failures of the coordinator's machine, with the loss of what was not on the disk.
    package var machineFailures = 0
    /// Workers that died.
    package var workersKilled = 0
    /// Attempts that workers reclaimed.
    package var reclaims = 0
    /// What came too late to count.
    package var staleResults = 0
    /// Dead letters.
    package var deadLetters = 0
    /// Tasks queued again after their end.
    package var requeues = 0
    /// Tasks cancelled.
    package var cancelled = 0
    /// Tasks that ran out of their time.
    package var expired = 0
    /// Tasks that came again and were known.
    package var repeated = 0
    /// Tasks whose handler began more than once.
    package var ranTwice = 0
    /// Tasks that completed.
    package var completed = 0

    mutating func mix(_ value: UInt64) {
        self.digest = (self.digest ^ value) &* 0x0000_0100_0000_01B3
        self.digest ^= self.digest >> 29
    }
}

extension SimulationReport: SimulationOutcome {
    package var work: Int { self.completed + self.deadLetters + self.cancelled + self.expired }

    package static let kinds: [(name: String, count: @Sendable (Self) -> Int)] = [
        ("a reclaim", { $0.reclaims }), ("a stale result", { $0.staleResults }),
        ("an epoch change", { $0.epochChanges }), ("a dead letter", { $0.deadLetters }),
        ("a failure of the coordinator's machine", { $0.machineFailures }), ("a worker killed", { $0.workersKilled }),
        ("a task requeued", { $0.requeues }), ("a task cancelled", { $0.cancelled }),
        ("a task expired", { $0.expired }), ("a task that came twice", { $0.repeated }),
        ("a handler that ran twice", { $0.ranTwice }),
    ]
}
