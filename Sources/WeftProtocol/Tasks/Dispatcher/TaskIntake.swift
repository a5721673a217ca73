// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A task that is handed in, with what the ledger had to say about it.
public struct TaskIntake: Hashable, Sendable {
    /// The task.
    public var task: TaskSubmission
    /// What the ledger has under its id, looked up when ``Dispatcher/mustLookUp(_:)`` says so.
    public var stored: TaskRecord?
    /// What the ledger has of the tasks that it comes after, looked up likewise.
    public var predecessors: [String: TaskRecord]
    /// What its end is to be announced with, for whoever handed it in; it does not outlive this dispatcher.
    public var tag: UInt64

    /// Creates an intake.
    public init(
        _ task: TaskSubmission, stored: TaskRecord? = nil, predecessors: [String: TaskRecord] = [:], tag: UInt64 = 0
    ) {
        self.tag = tag
        self.task = task
        self.stored = stored
        self.predecessors = predecessors
    }
}
