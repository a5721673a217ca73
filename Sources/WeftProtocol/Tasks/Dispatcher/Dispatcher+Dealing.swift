// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HeapModule
import WeftBus

extension Dispatcher {
    /// Puts a task that may be dealt into its line.
    mutating func makeReady(_ id: String) {
        guard let entry = self.entries[id] else { return }
        self.lanes[entry.lane, default: Heap()].insert(
            DispatcherReady(
                id: id, attempt: entry.status.attempt, priority: entry.task.priority, order: entry.order))
    }

    /// Deals tasks until nobody who could run one has room.
    mutating func deal(_ step: inout DispatcherStep, at now: Moment) {
        guard self.isDealing, !self.lanes.isEmpty else { return }
        var open = self.workers.values
            .filter {
                !$0.isDraining && $0.held.count < $0.window
                    && $0.isLive(at: now.monotonic, suspicion: self.configuration.suspicion)
            }
            .map(\.id)
        while !open.isEmpty, let (lane, worker) = self.nextDeal(among: open) {
            guard let ready = self.lanes[lane]?.popMin() else { return }
            self.lease(ready.id, to: worker, &step, at: now)
            if let left = self.workers[worker], left.held.count >= left.window {
                open.removeAll { $0 == worker }
            }
        }
    }

    /// The line whose first task is to be dealt next, and who gets it.
    private mutating func nextDeal(among open: [NodeID]) -> (DispatcherLane, NodeID)? {
        var best: (lane: DispatcherLane, head: DispatcherReady, worker: NodeID)?
        for lane in self.lanes.keys {
            guard let head = self.head(of: lane) else { continue }
            if let best, best.head < head { continue }
            guard let worker = self.worker(for: lane, among: open) else { continue }
            best = (lane, head, worker)
        }
        return best.map { ($0.lane, $0.worker) }
    }

    /// The first task of a line that is still there to be dealt.
    private mutating func head(of lane: DispatcherLane) -> DispatcherReady? {
        while let head = self.lanes[lane]?.min {
            if let entry = self.entries[head.id], entry.status.state == .queued, entry.status.attempt == head.attempt {
                return head
            }
            _ = self.lanes[lane]?.popMin()
        }
        self.lanes[lane] = nil
        return nil
    }

    /// The worker with the most free slots that serves the line; among equals the one that has been dealt the least.
    private func worker(for lane: DispatcherLane, among open: [NodeID]) -> NodeID? {
        var best: (free: Int, dealt: UInt64, id: NodeID)?
        for id in open {
            guard let worker = self.workers[id], worker.serves(lane) else { continue }
            let free = worker.slots - worker.held.count
            if let best, best.free > free || (best.free == free && best.dealt <= worker.dealt) { continue }
            best = (free, worker.dealt, id)
        }
        return best?.id
    }

    private mutating func lease(_ id: String, to worker: NodeID, _ step: inout DispatcherStep, at now: Moment) {
        guard var entry = self.entries[id] else { return }
        entry.status.attempt += 1
        entry.status.state = .leased
        entry.status.epoch = self.epoch
        entry.status.worker = worker
        entry.status.notBefore = nil
        entry.status.updatedAt = now.date
        entry.leaseEnd = now.monotonic + self.configuration.lease
        self.entries[id] = entry
        self.workers[worker]?.held.insert(id)
        self.workers[worker]?.dealt += 1
        self.counters.dealt += 1
        step.changes.append(.status(id: id, entry.status))
        step.dispatch(
            TaskRequest(
                id: id, attempt: entry.status.attempt, source: entry.task.source, agentID: entry.task.agentID,
                queue: entry.task.queue, name: entry.task.name, payload: entry.task.payload,
                timeLimit: entry.task.timeLimit, traceParent: entry.task.traceParent),
            to: worker)
    }

    func reference(to entry: DispatcherEntry) -> TaskReference {
        TaskReference(id: entry.task.id, attempt: entry.status.attempt, epoch: entry.status.epoch ?? self.epoch)
    }
}
