// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HeapModule
import WeftBus

extension Dispatcher {
    // MARK: - Tasks

    /// Puts a task that may be dealt into its line.
    mutating func makeReady(_ id: String, at now: Moment) {
        guard let entry = self.entries[id], entry.isInLine else { return }
        self.ensureQueue(entry.task.queue, at: now)
        self.queues[entry.task.queue]?.add(DispatcherReady(entry))
        self.list(entry.task.queue)
    }

    /// Takes a task out of its worker's hands, or out of its line; what then becomes of it is the caller's to say.
    mutating func release(_ entry: DispatcherEntry) {
        let (name, id) = (entry.task.queue, entry.task.id)
        if entry.status.state.isHeld {
            self.running -= 1
            self.queues[name]?.end(key: entry.task.key, self.entries)
            if let worker = entry.status.worker {
                self.orphans[worker]?.remove(id)
                if self.orphans[worker]?.isEmpty == true { self.orphans[worker] = nil }
                self.workers[worker]?.held.remove(id)
                self.updateRoom(of: worker)
            }
            self.list(name)
        } else if entry.isInLine {
            self.queues[name]?.forget(key: entry.task.key, self.entries)
            self.list(name)
        }
    }

    /// Counts a task that a worker was found to hold at a restart.
    mutating func noteHeld(_ entry: DispatcherEntry, at now: Moment) {
        self.ensureQueue(entry.task.queue, at: now)
        self.queues[entry.task.queue]?.begin(key: entry.task.key)
        self.running += 1
    }

    // MARK: - Queues

    private mutating func ensureQueue(_ name: String, at now: Moment) {
        guard self.queues[name] == nil else { return }
        if self.queues.count >= self.queueSweep {
            for (other, _) in self.queues where self.queues[other]?.isIdle(at: now.monotonic) ?? false {
                self.queues[other] = nil
            }
            self.queueSweep = max(1024, 2 * self.queues.count)
        }
        // After a restart nobody knows what was dealt just before it, so the rate begins with nothing in hand.
        self.queues[name] = DispatcherQueue(
            self.configuration.queues[name] ?? self.configuration.defaultQueue, isFresh: self.epoch.counter <= 1,
            at: now.monotonic)
    }

    /// Puts a queue that has something to deal on the lists of the workers that serve it.
    mutating func list(_ name: String) {
        guard let queue = self.queues[name], !queue.isListed, queue.waiting > 0, !queue.isFull else { return }
        // A queue that had nothing to deal has no claim to the turns that it did not take.
        let start = queue.listings == 0 ? max(queue.start, self.turn) : queue.start
        var listings = 0
        for number in self.classes.keys where self.classes[number]?.list(name, start: start) ?? false { listings += 1 }
        self.queues[name]?.start = start
        self.queues[name]?.listings += listings
        self.queues[name]?.isListed = true
    }

    mutating func unlistFirst(ofClass number: Int) {
        guard let name = self.classes[number]?.turns.min?.queue else { return }
        self.classes[number]?.unlistFirst()
        self.queues[name]?.listings -= 1
        self.queues[name]?.isListed = false
    }

    // MARK: - Workers

    /// Notes whether a worker could hold more.
    mutating func updateRoom(of id: NodeID) {
        if let worker = self.workers[id], !worker.isDraining, worker.held.count < worker.window {
            self.roomy.insert(id)
        } else {
            self.roomy.remove(id)
        }
    }

    /// Puts a worker among those that serve the same.
    mutating func join(classOf worker: inout DispatcherWorker) {
        let key = DispatcherClass.Key(agents: Set(worker.agents), queues: Set(worker.queues))
        let number = self.classNumbers[key] ?? self.nextClass
        worker.classNumber = number
        guard self.classes[number] == nil else {
            self.classes[number]?.workers += 1
            return
        }
        self.nextClass += 1
        self.classNumbers[key] = number
        self.classes[number] = DispatcherClass(key: key, workers: 1)
        for name in self.queues.keys {
            self.queues[name]?.isListed = false
            self.list(name)
        }
    }

    mutating func leaveClass(_ worker: DispatcherWorker) {
        guard let members = self.classes[worker.classNumber] else { return }
        guard members.workers <= 1 else {
            self.classes[worker.classNumber]?.workers -= 1
            return
        }
        for name in members.listed { self.queues[name]?.listings -= 1 }
        self.classes[worker.classNumber] = nil
        self.classNumbers[members.key] = nil
    }
}
