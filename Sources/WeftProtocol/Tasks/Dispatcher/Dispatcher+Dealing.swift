// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HeapModule
import WeftBus

extension Dispatcher {
    /// Deals tasks until nobody who could run one has room, or no limit leaves any.
    mutating func deal(_ step: inout DispatcherStep, at now: Moment) {
        guard self.isDealing, !self.roomy.isEmpty, self.classes.values.contains(where: { !$0.turns.isEmpty }) else {
            return
        }
        var open = self.roomy.filter {
            self.workers[$0]?.isLive(at: now.monotonic, suspicion: self.configuration.suspicion) ?? false
        }
        while !open.isEmpty, self.running < self.configuration.maximumRunning ?? .max,
            let name = self.nextQueue(among: open, at: now),
            let (agentID, worker) = self.nextDeal(of: name, among: open)
        {
            guard self.lease(from: name, agentID, to: worker, &step, at: now) else { return }
            if !self.roomy.contains(worker) { open.remove(worker) }
        }
    }

    /// The queue whose turn it is among those that an open worker serves.
    private mutating func nextQueue(among open: Set<NodeID>, at now: Moment) -> String? {
        var best: DispatcherTurn?
        for number in Set(open.compactMap { self.workers[$0]?.classNumber }) {
            while let turn = self.classes[number]?.turns.min {
                guard self.canDeal(turn.queue, toClass: number, at: now) else {
                    self.unlistFirst(ofClass: number)
                    continue
                }
                // Who could not be dealt to for long does not take everything afterwards.
                let earliest = self.turn - Self.longestLag * (self.queues[turn.queue]?.stride ?? 1)
                let start = max(self.queues[turn.queue]?.start ?? 0, earliest)
                self.queues[turn.queue]?.start = start
                guard start <= turn.start else {
                    self.classes[number]?.turns.replaceMin(with: DispatcherTurn(start: start, queue: turn.queue))
                    continue
                }
                if best.map({ turn < $0 }) ?? true { best = turn }
                break
            }
        }
        return best?.queue
    }

    /// How many turns a queue may be behind the others.
    private static let longestLag = 32.0

    /// Whether a queue's limits and lines leave a task for workers of a class.
    private mutating func canDeal(_ name: String, toClass number: Int, at now: Moment) -> Bool {
        // Read field by field: a copy of the queue that is still there would make each change copy its lines.
        guard self.queues[name]?.waiting ?? 0 > 0, self.queues[name]?.isFull == false else { return false }
        if let pause = self.queues[name]?.pause(at: now.monotonic) {
            if self.queues[name]?.hasTokenTimer == false {
                self.queues[name]?.hasTokenTimer = true
                self.timers.insert(DispatcherTimer(due: now.monotonic + pause, kind: .token, id: name))
            }
            return false
        }
        for agentID in self.queues[name]?.agents ?? [] {
            guard self.classes[number]?.serves(agentID: agentID) ?? false else { continue }
            if self.queues[name]?.head(of: agentID, self.entries) != nil { return true }
        }
        return false
    }

    /// The line of a queue whose first task is to be dealt next, and who gets it.
    private mutating func nextDeal(of name: String, among open: Set<NodeID>) -> (agentID: String?, NodeID)? {
        var best: (head: DispatcherReady, worker: NodeID)?
        for agentID in self.queues[name]?.agents ?? [] {
            guard let head = self.queues[name]?.head(of: agentID, self.entries) else { continue }
            if let best, best.head < head { continue }
            guard let worker = self.worker(for: name, agentID, among: open) else { continue }
            best = (head, worker)
        }
        return best.map { ($0.head.agentID, $0.worker) }
    }

    /// The worker with the most free slots that serves the line; among equals the one that has been dealt the least.
    private func worker(for queue: String, _ agentID: String?, among open: Set<NodeID>) -> NodeID? {
        var best: (free: Int, dealt: UInt64, id: NodeID)?
        for id in open {
            guard let worker = self.workers[id], worker.serves(agentID: agentID), worker.serves(queue: queue) else {
                continue
            }
            let free = worker.slots - worker.held.count
            if let best, (best.free, worker.dealt, id) > (free, best.dealt, best.id) { continue }
            best = (free, worker.dealt, id)
        }
        return best?.id
    }

    private mutating func lease(
        from queue: String, _ agentID: String?, to worker: NodeID, _ step: inout DispatcherStep, at now: Moment
    ) -> Bool {
        guard let head = self.queues[queue]?.head(of: agentID, self.entries), var entry = self.entries[head.id] else {
            return false
        }
        self.turn = max(self.turn, self.queues[queue]?.start ?? 0)
        self.queues[queue]?.take(agentID)
        entry.status.attempt += 1
        entry.status.state = .leased
        entry.status.epoch = self.epoch
        entry.status.worker = worker
        entry.status.notBefore = nil
        entry.status.attemptStartedAt = now.date
        entry.status.updatedAt = now.date
        entry.leaseEnd = now.monotonic + self.configuration.lease
        self.entries[head.id] = entry
        self.running += 1
        self.workers[worker]?.held.insert(head.id)
        self.workers[worker]?.dealt += 1
        self.updateRoom(of: worker)
        self.counters.dealt += 1
        step.changes.append(.status(id: head.id, entry.status))
        let left = entry.endsAt.map { max(.zero, $0 - now.monotonic) }
        let limit = [entry.task.timeLimit, left].compactMap(\.self).min()
        step.dispatch(
            TaskRequest(
                id: head.id, attempt: entry.status.attempt, source: entry.task.source, agentID: entry.task.agentID,
                queue: queue, name: entry.task.name, payload: entry.task.payload, timeLimit: limit,
                traceParent: entry.task.traceParent),
            to: worker)
        return true
    }

    func reference(to entry: DispatcherEntry) -> TaskReference {
        TaskReference(id: entry.task.id, attempt: entry.status.attempt, epoch: entry.status.epoch ?? self.epoch)
    }
}
