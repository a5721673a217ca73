// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// What the stand-in has counted since it started.
public struct StandInStatistics: Hashable, Sendable {
    /// Requests of all kinds.
    public internal(set) var requests = 0
    /// Requests that were answered with an error, faults not included.
    public internal(set) var refusals = 0
    /// Requests that a fault has touched.
    public internal(set) var faults = 0
    /// Updates of tasks.
    public internal(set) var updates = 0
    /// Updates that ended a task.
    public internal(set) var finalUpdates = 0
    /// Final updates that said again what was known.
    public internal(set) var repeatedFinalUpdates = 0
    /// Final updates that contradicted what was known.
    public internal(set) var conflictingFinalUpdates = 0
    /// Tasks sent to workers, again included.
    public internal(set) var deliveries = 0
    /// Event streams that were opened.
    public internal(set) var streamsOpened = 0
    /// Event streams that are open.
    public internal(set) var streamsOpen = 0
    /// Events sent on them.
    public internal(set) var streamEvents = 0
    /// Bytes sent on them, comments included.
    public internal(set) var streamBytes = 0

    func value(tasks: [String: Int], workersConnected: Int, workersSeen: Int, faultsPending: Int) -> Value {
        var byStatus = tasks.mapValues { Value($0) }
        for status in ["pending", "executing", "completed", "error"] where byStatus[status] == nil {
            byStatus[status] = 0
        }
        byStatus["total"] = Value(tasks.values.reduce(0, +))
        return [
            "tasks": .object(byStatus),
            "workers": ["connected": Value(workersConnected), "seen": Value(workersSeen)],
            "updates": [
                "total": Value(self.updates), "final": Value(self.finalUpdates),
                "repeated": Value(self.repeatedFinalUpdates), "conflicting": Value(self.conflictingFinalUpdates),
            ],
            "deliveries": Value(self.deliveries),
            "sse": [
                "connections": Value(self.streamsOpened), "open": Value(self.streamsOpen),
                "events": Value(self.streamEvents), "bytes": Value(self.streamBytes),
            ],
            "requests": [
                "total": Value(self.requests), "refused": Value(self.refusals), "faulted": Value(self.faults),
            ],
            "faults_pending": Value(faultsPending),
        ]
    }
}
