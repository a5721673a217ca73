// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The queues, by their names and by numbers that name them while they are not idle.
struct DispatcherQueues {
    private var numbers: [String: Int] = [:]
    private var slots: [DispatcherQueue] = []
    private var vacant: [Int] = []

    var count: Int { self.numbers.count }

    var keys: Dictionary<String, Int>.Keys { self.numbers.keys }

    func number(of name: String) -> Int? { self.numbers[name] }

    /// The queue of a name.
    subscript(name: String) -> DispatcherQueue? { self.numbers[name].map { self.slots[$0] } }

    /// The queue under a number that has been given out.
    subscript(number: Int) -> DispatcherQueue {
        _read { yield self.slots[number] }
        _modify { yield &self.slots[number] }
    }

    mutating func insert(_ queue: DispatcherQueue, named name: String) -> Int {
        let number = self.vacant.popLast() ?? self.slots.count
        if number == self.slots.count { self.slots.append(queue) } else { self.slots[number] = queue }
        self.numbers[name] = number
        return number
    }

    mutating func remove(_ name: String) {
        if let number = self.numbers.removeValue(forKey: name) { self.vacant.append(number) }
    }
}
