// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// Collects what one step of the dispatcher decides, and puts it in order at its end.
struct DispatcherStep {
    var changes: [LedgerChange] = []
    var connections: [(worker: NodeID, endpoint: String)] = []
    var messages: [(worker: NodeID, message: CoordinatorMessage)] = []
    var dispatches: [NodeID: [TaskRequest]] = [:]
    var dispatchOrder: [NodeID] = []
    var disconnections: [NodeID] = []
    var withdrawals: [(taskID: String, reportID: String)] = []
    var reports: [ReportItem] = []
    var capacities: [(agentID: String, isBusy: Bool)] = []
    var events: [TaskEvent] = []
    /// Tasks that have ended and for which others wait.
    var settled: [(id: String, state: TaskState, outcome: TaskOutcome)] = []

    mutating func dispatch(_ request: TaskRequest, to worker: NodeID) {
        if self.dispatches[worker] == nil { self.dispatchOrder.append(worker) }
        self.dispatches[worker, default: []].append(request)
    }

    mutating func send(_ message: CoordinatorMessage, to worker: NodeID) {
        self.messages.append((worker, message))
    }

    /// The actions in their order: written, then sent, then reported, then announced.
    var actions: [DispatcherAction] {
        var actions: [DispatcherAction] = []
        if !self.changes.isEmpty { actions.append(.persist(self.changes)) }
        actions += self.connections.map { .connect($0.worker, endpoint: $0.endpoint) }
        actions += self.messages.map { .send($0.worker, $0.message) }
        for worker in self.dispatchOrder {
            for batch in Self.batches(of: self.dispatches[worker] ?? []) {
                actions.append(.send(worker, .dispatch(batch)))
            }
        }
        actions += self.disconnections.map { .disconnect($0) }
        actions += self.withdrawals.map { .withdraw(taskID: $0.taskID, reportID: $0.reportID) }
        actions += self.reports.map { .report($0) }
        actions += self.capacities.map { .capacity(agentID: $0.agentID, isBusy: $0.isBusy) }
        actions += self.events.map { .announce($0) }
        return actions
    }

    /// Cuts what one worker gets into messages of a bounded size, each with at least one task.
    private static func batches(of requests: [TaskRequest]) -> [[TaskRequest]] {
        var batches: [[TaskRequest]] = []
        var bytes = 0
        for request in requests {
            let size = request.payload.approximateBytes + 256
            if let last = batches.indices.last, bytes + size <= TaskDefaults.dispatchBytes {
                batches[last].append(request)
                bytes += size
            } else {
                batches.append([request])
                bytes = size
            }
        }
        return batches
    }
}
