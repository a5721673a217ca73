// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HeapModule
import WeftBus

extension Dispatcher {
    // MARK: - Tasks

    /// Puts a task that may be dealt into its line.
    mutating func makeReady(_ id: String, at now: Moment) {
        if let place = self.entries.place(of: id) { self.makeReady(at: place, now) }
    }

    mutating func makeReady(at place: Int, _ now: Moment) {
        guard self.entries[place].isInLine else { return }
        let number = self.ensureQueue(self.entries[place].task.queue, at: now)
        self.entries[place].queue = number
        self.queues[number].add(DispatcherReady(self.entries[place]), self.entries)
        self.list(number)
    }

    /// Takes a task out of its worker's hands, or out of its line; what then becomes of it is the caller's to say.
    mutating func release(_ place: Int) {
        let number = self.entries[place].queue
        // One that never could run has no queue.
        guard number >= 0 else { return }
        if self.entries[place].status.state.isHeld {
            self.running -= 1
            self.queues[number].end(key: self.entries[place].task.key, self.entries)
            if let worker = self.entries[place].status.worker {
                if !self.orphans.isEmpty { self.forgetOrphan(self.entries[place].task.id, of: worker) }
                if let index = self.workers.index(forKey: worker) {
                    self.workers.values[index].held.remove(place)
                    if self.workers.values[index].hasRoom { self.roomy.insert(worker) }
                }
            }
            self.list(number)
        } else if self.entries[place].isInLine {
            // Its place in the line is not its own any more.
            self.entries[place].isLeaving = true
            self.queues[number].forget(key: self.entries[place].task.key, self.entries)
            self.list(number)
        }
    }

    @discardableResult
    mutating func forgetOrphan(_ id: String, of worker: NodeID) -> Bool {
        let wasOne = self.orphans[worker]?.remove(id) != nil
        if self.orphans[worker]?.isEmpty == true { self.orphans[worker] = nil }
        return wasOne
    }

    /// Counts a task that a worker was found to hold at a restart.
    mutating func noteHeld(_ entry: inout DispatcherEntry, at now: Moment) {
        entry.queue = self.ensureQueue(entry.task.queue, at: now)
        self.queues[entry.queue].begin(key: entry.task.key)
        self.running += 1
    }

    // MARK: - Queues

    private mutating func ensureQueue(_ name: String, at now: Moment) -> Int {
        if let number = self.queues.number(of: name) { return number }
        if self.queues.count >= self.queueSweep {
            for other in Array(self.queues.keys) {
                if let number = self.queues.number(of: other), self.queues[number].isIdle(at: now.monotonic) {
                    self.queues.remove(other)
                }
            }
            self.queueSweep = max(1024, 2 * self.queues.count)
        }
        // After a restart nobody knows what was dealt just before it, so the rate begins with nothing in hand.
        let queue = DispatcherQueue(
            name, self.configuration.queues[name] ?? self.configuration.defaultQueue,
            isFresh: self.epoch.counter <= 1, at: now.monotonic)
        return self.queues.insert(queue, named: name)
    }

    /// Puts a queue that has something to deal on the lists of the workers that serve it.
    mutating func list(_ number: Int) {
        guard !self.queues[number].isListed, self.queues[number].waiting > 0, !self.queues[number].isFull else {
            return
        }
        // A queue that had nothing to deal has no claim to the turns that it did not take.
        if self.queues[number].listings == 0 { self.queues[number].start = max(self.queues[number].start, self.turn) }
        let (name, start) = (self.queues[number].name, self.queues[number].start)
        for members in self.classes.keys where self.classes[members]?.list(name, number, start: start) ?? false {
            self.queues[number].listings += 1
        }
        self.queues[number].isListed = true
    }

    mutating func unlistFirst(ofClass members: Int) {
        guard let number = self.classes[members]?.turns.min?.number else { return }
        self.classes[members]?.unlistFirst()
        self.queues[number].listings -= 1
        self.queues[number].isListed = false
    }

    // MARK: - Workers

    /// Notes whether a worker could hold more.
    mutating func updateRoom(of id: NodeID) {
        if self.workers[id]?.hasRoom ?? false {
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
        for name in Array(self.queues.keys) {
            guard let number = self.queues.number(of: name) else { continue }
            self.queues[number].isListed = false
            self.list(number)
        }
    }

    mutating func leaveClass(_ worker: DispatcherWorker) {
        guard let members = self.classes[worker.classNumber] else { return }
        guard members.workers <= 1 else {
            self.classes[worker.classNumber]?.workers -= 1
            return
        }
        for number in members.listed { self.queues[number].listings -= 1 }
        self.classes[worker.classNumber] = nil
        self.classNumbers[members.key] = nil
    }
}
