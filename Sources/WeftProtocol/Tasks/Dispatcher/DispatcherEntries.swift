// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The tasks that have not ended, by their ids and by their places.
///
/// A place is a small number that names a task for as long as it is here, so that lines and workers need not look ids up; afterwards
/// another task may get it, so whoever keeps one also keeps the task's order.
struct DispatcherEntries {
    private var places: [String: Int] = [:]
    private var slots: [DispatcherEntry] = []
    private var vacant: [Int] = []

    var count: Int { self.places.count }

    var isEmpty: Bool { self.places.isEmpty }

    var keys: Dictionary<String, Int>.Keys { self.places.keys }

    var values: some Collection<DispatcherEntry> { self.places.values.lazy.map { self.slots[$0] } }

    func place(of id: String) -> Int? { self.places[id] }

    /// The entry under an id; changing it in place is better done by its place.
    subscript(id: String) -> DispatcherEntry? {
        get { self.places[id].map { self.slots[$0] } }
        set {
            guard let newValue else {
                if let place = self.places[id] { self.remove(at: place) }
                return
            }
            if let place = self.places[id] {
                self.slots[place] = newValue
                self.slots[place].place = place
            } else {
                self.insert(newValue)
            }
        }
    }

    /// The entry at a place that has been given out.
    subscript(place: Int) -> DispatcherEntry {
        _read { yield self.slots[place] }
        _modify { yield &self.slots[place] }
    }

    @discardableResult
    mutating func insert(_ entry: DispatcherEntry) -> Int {
        let place = self.vacant.popLast() ?? self.slots.count
        if place == self.slots.count { self.slots.append(entry) } else { self.slots[place] = entry }
        self.slots[place].place = place
        self.places[entry.task.id] = place
        return place
    }

    mutating func remove(at place: Int) {
        self.places[self.slots[place].task.id] = nil
        self.slots[place] = .nobody
        self.vacant.append(place)
    }
}
