// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// Collects what one step of the dispatcher decides, and puts it in order at its end.
struct DispatcherStep {
    /// Counts the dispatcher's steps from 1.
    let number: UInt64
    var changes: [LedgerChange] = []
    /// Where among the changes tasks are that were accepted.
    private var accepted: [(index: Int, place: Int)] = []
    var connections: [(worker: NodeID, endpoint: String)] = []
    var messages: [(worker: NodeID, message: CoordinatorMessage)] = []
    private var acknowledgements: [(worker: NodeID, references: [TaskReference])] = []
    private var dispatches: [(worker: NodeID, batches: [[TaskRequest]])] = []
    var disconnections: [NodeID] = []
    var withdrawals: [(taskID: String, reportID: String)] = []
    var reports: [ReportItem] = []
    var capacities: [(agentID: String, isBusy: Bool)] = []
    var events: [TaskEvent] = []
    /// What becomes of tasks that were handed in together; nil when that is announced one by one.
    var answers: [Result<TaskState, TaskRefusal>]?
    /// Tasks that have ended and for which others wait.
    var settled: [(id: String, state: TaskState, outcome: TaskOutcome)] = []

    init(number: UInt64) {
        self.number = number
    }

    /// Has an entry's status written; what the same step has written of it before is written no more, as far as nothing is lost by that.
    mutating func write(_ entry: inout DispatcherEntry) {
        if entry.written.step == self.number {
            // It is written as it is at the step's end.
            if entry.isNew { return }
            // That a worker holds it no longer is told before another does.
            let isHeld = self.changes[entry.written.index].status?.state.isHeld ?? false
            if isHeld || !entry.status.state.isHeld {
                self.changes[entry.written.index] = .status(id: entry.task.id, entry.status)
                return
            }
        }
        entry.written = (self.number, self.changes.count)
        self.changes.append(.status(id: entry.task.id, entry.status))
    }

    /// Has an entry that was just inserted written for the first time, as it is at the step's end.
    mutating func accept(_ entry: inout DispatcherEntry) {
        entry.isNew = true
        entry.written = (self.number, self.changes.count)
        self.accepted.append((self.changes.count, entry.place))
        self.changes.append(.removed(id: entry.task.id))
    }

    /// Fills in an entry that ``accept(_:)`` has left open.
    mutating func complete(_ entry: inout DispatcherEntry) {
        guard entry.isNew, entry.written.step == self.number else { return }
        entry.isNew = false
        self.changes[entry.written.index] = .accepted(TaskRecord(task: entry.task, status: entry.status))
    }

    /// Fills in all entries that are still open.
    mutating func complete(_ entries: inout DispatcherEntries) {
        for (index, place) in self.accepted where entries[place].written == (self.number, index) {
            self.complete(&entries[place])
        }
    }

    /// Says what became of a task that was handed in.
    mutating func answer(_ answer: Result<TaskState, TaskRefusal>, _ event: @autoclosure () -> TaskEvent) {
        if self.answers == nil { self.events.append(event()) } else { self.answers?.append(answer) }
    }

    mutating func dispatch(_ batches: [[TaskRequest]], to worker: NodeID) {
        self.dispatches.append((worker, batches))
    }

    /// Tells a worker that an outcome is stored; together with the others of the step.
    mutating func acknowledge(_ reference: TaskReference, to worker: NodeID) {
        if let last = self.acknowledgements.indices.last, self.acknowledgements[last].worker == worker {
            self.acknowledgements[last].references.append(reference)
        } else {
            self.acknowledgements.append((worker, [reference]))
        }
    }

    mutating func send(_ message: CoordinatorMessage, to worker: NodeID) {
        self.messages.append((worker, message))
    }

    /// The actions in their order: written, then sent, then reported, then announced.
    var actions: [DispatcherAction] {
        var actions: [DispatcherAction] = []
        actions.reserveCapacity(self.events.count + self.messages.count + 8)
        if !self.changes.isEmpty { actions.append(.persist(self.changes)) }
        actions += self.connections.map { .connect($0.worker, endpoint: $0.endpoint) }
        actions += self.messages.map { .send($0.worker, $0.message) }
        actions += self.acknowledgements.map { .send($0.worker, .acknowledged($0.references)) }
        for (worker, batches) in self.dispatches { actions += batches.map { .send(worker, .dispatch($0)) } }
        actions += self.disconnections.map { .disconnect($0) }
        actions += self.withdrawals.map { .withdraw(taskID: $0.taskID, reportID: $0.reportID) }
        actions += self.reports.map { .report($0) }
        actions += self.capacities.map { .capacity(agentID: $0.agentID, isBusy: $0.isBusy) }
        actions += self.events.map { .announce($0) }
        return actions
    }
}
