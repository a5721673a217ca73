// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import HeapModule

/// Deadlines and what to do at them.
///
/// Time is handed in.
struct LoopTimers {
    private struct Entry: Comparable {
        let deadline: UInt64
        let id: TimerID

        static func < (left: Entry, right: Entry) -> Bool {
            (left.deadline, left.id.rawValue) < (right.deadline, right.id.rawValue)
        }
    }

    private var heap = Heap<Entry>()
    private var actions: [TimerID: @Sendable () -> Void] = [:]

    var count: Int { self.actions.count }

    mutating func add(_ id: TimerID, deadline: UInt64, _ action: @escaping @Sendable () -> Void) {
        self.actions[id] = action
        self.heap.insert(Entry(deadline: deadline, id: id))
    }

    mutating func cancel(_ id: TimerID) {
        guard self.actions.removeValue(forKey: id) != nil else { return }
        // Cancelled entries stay in the heap until their time comes; sweep when they are the majority.
        guard self.heap.count > 64, self.heap.count > 2 * self.actions.count else { return }
        self.heap = Heap(self.heap.unordered.filter { self.actions[$0.id] != nil })
    }

    mutating func removeAll() {
        self.heap = Heap()
        self.actions = [:]
    }

    /// When the next one is due.
    var next: UInt64? {
        mutating get {
            while let entry = self.heap.min {
                if self.actions[entry.id] != nil { return entry.deadline }
                self.heap.removeMin()
            }
            return nil
        }
    }

    /// Takes the next one that is due by `now`.
    mutating func popDue(by now: UInt64) -> (deadline: UInt64, action: @Sendable () -> Void)? {
        while let entry = self.heap.min, entry.deadline <= now {
            self.heap.removeMin()
            if let action = self.actions.removeValue(forKey: entry.id) { return (entry.deadline, action) }
        }
        return nil
    }
}
