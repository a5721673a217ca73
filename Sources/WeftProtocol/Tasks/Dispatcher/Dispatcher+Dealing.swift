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
        var open = self.openings(at: now)
        var dealt: [Int] = []
        while let number = self.nextQueue(among: open, at: now) {
            // Where no other queue waits for its turn, the tasks of this one follow each other.
            let isAlone = self.isAlone(number)
            var count = 0
            repeat {
                guard self.running < self.configuration.maximumRunning ?? .max,
                    let (agentID, index) = self.nextDeal(of: number, among: open)
                else { break }
                if open[index].places.isEmpty { dealt.append(index) }
                self.lease(from: number, agentID, to: &open[index], &step, at: now)
                count += 1
            } while isAlone && self.queues[number].goesOn(at: now.monotonic)
            guard count > 0 else { break }
        }
        for index in dealt {
            guard let worker = self.workers.index(forKey: open[index].id) else { continue }
            self.workers.values[worker].held.formUnion(open[index].places)
            self.workers.values[worker].dealt = open[index].dealt
            if open[index].room <= 0 { self.roomy.remove(open[index].id) }
            step.dispatch(open[index].batches, to: open[index].id)
        }
    }

    /// The workers that can be dealt to.
    private func openings(at now: Moment) -> [DispatcherOpening] {
        self.roomy.compactMap { id in
            guard let worker = self.workers[id],
                worker.isLive(at: now.monotonic, suspicion: self.configuration.suspicion)
            else { return nil }
            return DispatcherOpening(
                id: id, classNumber: worker.classNumber,
                servesAll: self.classes[worker.classNumber]?.servesAll ?? false,
                free: worker.slots - worker.held.count, room: worker.window - worker.held.count, dealt: worker.dealt)
        }
    }

    /// Whether no other queue has a turn anywhere.
    private func isAlone(_ number: Int) -> Bool {
        self.classes.values.allSatisfy { members in
            members.turns.count <= 1 && (members.turns.min.map { $0.number == number } ?? true)
        }
    }

    /// The queue whose turn it is among those that an open worker serves.
    private mutating func nextQueue(among open: [DispatcherOpening], at now: Moment) -> Int? {
        guard self.running < self.configuration.maximumRunning ?? .max else { return nil }
        var best: DispatcherTurn?
        var seen: [Int] = []
        for opening in open where opening.room > 0 && !seen.contains(opening.classNumber) {
            let members = opening.classNumber
            seen.append(members)
            while let turn = self.classes[members]?.turns.min {
                guard self.canDeal(turn.number, toClass: members, at: now) else {
                    self.unlistFirst(ofClass: members)
                    continue
                }
                // Who could not be dealt to for long does not take everything afterwards.
                let earliest = self.turn - Self.longestLag * self.queues[turn.number].stride
                let start = max(self.queues[turn.number].start, earliest)
                self.queues[turn.number].start = start
                guard start <= turn.start else {
                    self.classes[members]?.turns.replaceMin(
                        with: DispatcherTurn(start: start, queue: turn.queue, number: turn.number))
                    continue
                }
                if best.map({ turn < $0 }) ?? true { best = turn }
                break
            }
        }
        return best?.number
    }

    /// How many turns a queue may be behind the others.
    private static let longestLag = 32.0

    /// Whether a queue's limits and lines leave a task for workers of a class.
    private mutating func canDeal(_ number: Int, toClass members: Int, at now: Moment) -> Bool {
        guard self.queues[number].waiting > 0, !self.queues[number].isFull else { return false }
        if let pause = self.queues[number].pause(at: now.monotonic) {
            if !self.queues[number].hasTokenTimer {
                self.queues[number].hasTokenTimer = true
                self.timers.insert(
                    DispatcherTimer(due: now.monotonic + pause, kind: .token, id: self.queues[number].name))
            }
            return false
        }
        for agentID in self.queues[number].agents {
            guard self.classes[members]?.serves(agentID: agentID) ?? false else { continue }
            if self.queues[number].head(of: agentID, self.entries) != nil { return true }
        }
        return false
    }

    /// The line of a queue whose first task is to be dealt next, and who gets it.
    private mutating func nextDeal(
        of number: Int, among open: [DispatcherOpening]
    ) -> (agentID: String?, index: Int)? {
        if self.queues[number].isPlain {
            guard self.queues[number].head(of: nil, self.entries) != nil else { return nil }
            return self.opening(for: number, nil, among: open).map { (nil, $0) }
        }
        var best: (head: DispatcherReady, agentID: String?, index: Int)?
        for agentID in self.queues[number].agents {
            guard let head = self.queues[number].head(of: agentID, self.entries) else { continue }
            if let best, best.head < head { continue }
            guard let index = self.opening(for: number, agentID, among: open) else { continue }
            best = (head, agentID, index)
        }
        return best.map { ($0.agentID, $0.index) }
    }

    /// The worker with the most free slots that serves the line; among equals the one that has been dealt the least.
    private func opening(for number: Int, _ agentID: String?, among open: [DispatcherOpening]) -> Int? {
        var best: Int?
        for index in open.indices where open[index].room > 0 {
            guard open[index].servesAll || self.serves(open[index], number, agentID) else { continue }
            if let best,
                (open[best].free, open[index].dealt, open[index].id) > (
                    open[index].free, open[best].dealt, open[best].id
                )
            {
                continue
            }
            best = index
        }
        return best
    }

    private func serves(_ opening: DispatcherOpening, _ number: Int, _ agentID: String?) -> Bool {
        guard let members = self.classes[opening.classNumber] else { return false }
        return members.serves(agentID: agentID) && members.serves(queue: self.queues[number].name)
    }

    private mutating func lease(
        from number: Int, _ agentID: String?, to worker: inout DispatcherOpening, _ step: inout DispatcherStep,
        at now: Moment
    ) {
        guard let place = self.queues[number].head(of: agentID, self.entries)?.place else { return }
        self.turn = max(self.turn, self.queues[number].start)
        self.queues[number].take(agentID, key: self.entries[place].task.key)
        self.running += 1
        self.counters.dealt += 1
        let request = self.lease(place, to: worker.id, &step, at: now)
        worker.deal(request, at: place, bytes: self.entries[place].bytes)
    }

    private mutating func lease(
        _ place: Int, to worker: NodeID, _ step: inout DispatcherStep, at now: Moment
    ) -> TaskRequest {
        let (epoch, end) = (self.epoch, now.monotonic + self.configuration.lease)
        return Self.lease(&self.entries[place], to: worker, until: end, epoch, &step, at: now)
    }

    private static func lease(
        _ entry: inout DispatcherEntry, to worker: NodeID, until end: MonotonicTime, _ epoch: TaskEpoch,
        _ step: inout DispatcherStep, at now: Moment
    ) -> TaskRequest {
        entry.status.attempt += 1
        entry.status.state = .leased
        entry.status.epoch = epoch
        entry.status.worker = worker
        entry.status.notBefore = nil
        entry.status.attemptStartedAt = now.date
        entry.status.updatedAt = now.date
        entry.leaseEnd = end
        step.write(&entry)
        var limit = entry.task.timeLimit
        if let end = entry.endsAt {
            let left = max(.zero, end - now.monotonic)
            limit = min(limit ?? left, left)
        }
        return TaskRequest(
            id: entry.task.id, attempt: entry.status.attempt, source: entry.task.source, agentID: entry.task.agentID,
            queue: entry.task.queue, name: entry.task.name, payload: entry.task.payload, timeLimit: limit,
            traceParent: entry.task.traceParent)
    }

    func reference(to entry: DispatcherEntry) -> TaskReference {
        TaskReference(id: entry.task.id, attempt: entry.status.attempt, epoch: entry.status.epoch ?? self.epoch)
    }
}
