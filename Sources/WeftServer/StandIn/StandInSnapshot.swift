// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What the stand-in knows at one moment.
public struct StandInSnapshot: Sendable {
    let state: StandInState

    /// Every task, oldest first.
    public var tasks: [StandInTask] { self.state.taskOrder.compactMap { self.state.tasks[$0] } }

    /// How many tasks there are.
    public var taskCount: Int { self.state.tasks.count }

    /// How many tasks have this status.
    public func count(status: String) -> Int {
        self.state.tasks.values.reduce(0) { $0 + ($1.status == status ? 1 : 0) }
    }

    /// Whether every task has ended.
    public var isEveryTaskFinal: Bool { self.state.tasks.values.allSatisfy(\.isFinal) }

    /// The task with this id.
    public func task(_ id: String) -> StandInTask? { self.state.tasks[id] }

    /// Every worker that has opened a stream, in the order in which they did; new streams are new workers.
    public var workers: [StandInWorker] {
        self.state.workers.values.sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
    }

    /// The workers whose stream is open.
    public var connectedWorkers: [StandInWorker] { self.workers.filter(\.isConnected) }

    /// Counts.
    public var statistics: StandInStatistics { self.state.statistics }
}
