// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The attempts that a worker has, and how many of them run.
struct WorkerAttempts {
    /// The attempt of each task that came last; from it one gets to the others of the task, if there are any.
    private var latest: [String: Int] = [:]
    private var slots: [WorkerMachine.Held?] = []
    private var vacant: [Int] = []
    /// How many there are.
    private(set) var count = 0
    /// How many handlers run, those included that were asked to stop.
    private(set) var running = 0

    var isEmpty: Bool { self.count == 0 }

    var values: some Sequence<WorkerMachine.Held> { self.slots.lazy.compactMap(\.self) }

    /// Those for which something holds, in the order of their keys.
    func keys(where holds: (WorkerMachine.Held) -> Bool) -> [WorkerMachine.Key] {
        var keys: [WorkerMachine.Key] = []
        for case let held? in self.slots where holds(held) { keys.append(held.key) }
        return keys.sorted()
    }

    /// All of them in the order of their keys.
    var sorted: [(key: WorkerMachine.Key, value: WorkerMachine.Held)] {
        self.values.map { ($0.key, $0) }.sorted { $0.0 < $1.0 }
    }

    /// The attempts of a task before one.
    func attempts(of id: String, before attempt: Int) -> [WorkerMachine.Key] {
        guard var place = self.latest[id] else { return [] }
        var keys: [WorkerMachine.Key] = []
        while true {
            if let key = self.slots[place]?.key, key.attempt < attempt { keys.append(key) }
            guard let next = self.slots[place]?.other else { return keys.sorted() }
            place = next
        }
    }

    // Asked so often that not even a copy of the answer is wanted.

    func isWaiting(at place: Int) -> Bool {
        if case .waiting = self.slots[place]?.phase { true } else { false }
    }

    func isAtWork(at place: Int) -> Bool {
        if case .running = self.slots[place]?.phase { true } else { false }
    }

    func hasFinished(at place: Int) -> Bool {
        if case .finished = self.slots[place]?.phase { true } else { false }
    }

    /// Whether there is any attempt of a task.
    func hasAttempts(of id: String) -> Bool { self.latest.index(forKey: id) != nil }

    /// Where an attempt is, until it is removed.
    func place(of key: WorkerMachine.Key) -> Int? {
        guard var place = self.latest[key.id] else { return nil }
        while self.slots[place]?.reference.attempt != key.attempt {
            guard let next = self.slots[place]?.other else { return nil }
            place = next
        }
        return place
    }

    /// The attempt at a place, which is not to be removed by this.
    subscript(place: Int) -> WorkerMachine.Held? {
        _read { yield self.slots[place] }
        _modify {
            let wasRunning = self.isRunning(place)
            yield &self.slots[place]
            self.running += (self.isRunning(place) ? 1 : 0) - (wasRunning ? 1 : 0)
        }
    }

    subscript(key: WorkerMachine.Key) -> WorkerMachine.Held? {
        get { self.place(of: key).flatMap { self.slots[$0] } }
        _modify {
            if let place = self.place(of: key) {
                let (wasRunning, other) = (self.isRunning(place), self.slots[place]?.other)
                yield &self.slots[place]
                self.running += (self.isRunning(place) ? 1 : 0) - (wasRunning ? 1 : 0)
                if self.slots[place] == nil {
                    self.remove(key.id, place, other)
                } else {
                    self.slots[place]?.other = other
                }
            } else {
                var held: WorkerMachine.Held?
                yield &held
                if let held { self.insert(held) }
            }
        }
    }

    private func isRunning(_ place: Int) -> Bool { self.slots[place]?.phase.isRunning ?? false }

    /// Takes in an attempt that is not there yet.
    mutating func insert(_ held: WorkerMachine.Held) {
        let place = self.vacant.popLast() ?? self.slots.count
        if place == self.slots.count { self.slots.append(held) } else { self.slots[place] = held }
        self.slots[place]?.other = self.latest.updateValue(place, forKey: held.reference.id)
        self.count += 1
        if held.phase.isRunning { self.running += 1 }
    }

    /// Lets go of an attempt.
    mutating func remove(at place: Int) {
        guard let reference = self.slots[place]?.reference else { return }
        if self.isRunning(place) { self.running -= 1 }
        let other = self.slots[place]?.other
        self.slots[place] = nil
        self.remove(reference.id, place, other)
    }

    private mutating func remove(_ id: String, _ place: Int, _ other: Int?) {
        self.count -= 1
        self.vacant.append(place)
        guard let first = self.latest[id], first != place else {
            self.latest[id] = other
            return
        }
        var current = first
        while let next = self.slots[current]?.other, next != place { current = next }
        self.slots[current]?.other = other
    }
}
