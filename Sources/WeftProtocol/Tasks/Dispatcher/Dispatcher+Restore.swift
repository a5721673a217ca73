// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HeapModule
import WeftBus

extension Dispatcher {
    /// Takes up a task where the ledger has it.
    ///
    /// How long there is left is reckoned from the dates in the record, within the bounds that the task itself sets: a clock that has been
    /// put back makes nothing wait longer than it would have from the start.
    mutating func restore(_ record: TaskRecord, now: Moment) {
        let (id, task, status) = (record.task.id, record.task, record.status)
        var entry = DispatcherEntry(task: task, status: status, order: self.takeOrder())
        if let limit = task.totalLimit, let end = status.endsBy {
            entry.endsAt = now.monotonic + min(Self.time(until: end, now), limit)
        }
        switch status.state {
        case .leased, .running:
            entry.leaseEnd = now.monotonic + self.configuration.reclaimGrace
            if let worker = status.worker { self.orphans[worker, default: []].insert(id) }
            self.noteHeld(&entry, at: now)
        case .retrying:
            entry.dueAt = now.monotonic + Self.time(until: status.notBefore ?? now.date, now)
        case .queued:
            if status.awaits.isEmpty, let notBefore = status.notBefore, notBefore > now.date {
                entry.dueAt = now.monotonic + Self.time(until: notBefore, now)
            }
            entry.isPostponed = entry.dueAt != nil || !status.awaits.isEmpty
        case .completed, .dead, .cancelled, .expired:
            return
        }
        if let limit = task.waitLimit, let since = status.waitsSince {
            let begins = entry.dueAt ?? now.monotonic
            let left = Self.time(until: since.addingTimeInterval(limit.inSeconds), now)
            entry.waitEndsAt = min(now.monotonic + left, begins + limit)
        }
        self.insert(entry)
        self.makeReady(id, at: now)
    }

    /// What waits for tasks that are not there will wait in vain.
    mutating func buryUnreachable(_ step: inout DispatcherStep, at now: Moment) {
        for id in self.successors.keys.sorted() where self.entries[id] == nil {
            self.settleSuccessors(of: id, outcome: nil, &step, at: now)
        }
    }

    /// How long it is until a date, never less than nothing.
    static func time(until date: Date, _ now: Moment) -> Duration {
        .seconds(min(max(0, date.timeIntervalSince(now.date)), 1e9))
    }

    // MARK: - Entries

    /// Takes a task in: its times, and whether it adds to our load.
    @discardableResult
    mutating func insert(_ entry: DispatcherEntry) -> Int {
        let id = entry.task.id
        let place = self.entries.insert(entry)
        self.unfinishedBytes += entry.bytes
        if !entry.isPostponed { self.load.add(entry.task) }
        for other in entry.status.awaits { self.successors[other, default: []].insert(id) }
        self.setTimer(.due, entry.dueAt, id)
        self.setTimer(.wait, entry.waitEndsAt, id)
        self.setTimer(.total, entry.endsAt, id)
        if entry.status.state.isHeld { self.setTimer(.orphan, entry.leaseEnd, id) }
        return place
    }

    /// The limits of a life that begins now.
    func beginLife(of entry: inout DispatcherEntry, at now: Moment) {
        if let limit = entry.task.totalLimit {
            entry.endsAt = now.monotonic + limit
            entry.status.endsBy = now.date.addingTimeInterval(limit.inSeconds)
        }
        if entry.status.awaits.isEmpty { self.beginWaiting(&entry, at: now) }
        entry.isPostponed = entry.dueAt != nil || !entry.status.awaits.isEmpty
    }

    /// Nothing but its time keeps the task from beginning.
    func beginWaiting(_ entry: inout DispatcherEntry, at now: Moment) {
        let begins = entry.status.notBefore ?? now.date
        if begins > now.date {
            entry.dueAt = now.monotonic + Self.time(until: begins, now)
        } else {
            entry.status.notBefore = nil
        }
        guard let limit = entry.task.waitLimit else { return }
        entry.status.waitsSince = max(begins, now.date)
        entry.waitEndsAt = (entry.dueAt ?? now.monotonic) + limit
    }
}
