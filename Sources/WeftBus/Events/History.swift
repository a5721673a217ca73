// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The newest events, bounded in number and in bytes.
struct History {
    /// Not an optional one where there is none: optionals of large structures are copied by way of the runtime.
    private struct Entry {
        var emission: Emission
        var cost: Int

        static let none = Entry(
            emission: Emission(
                name: "", origin: .none, sequence: nil, microseconds: 0, arguments: EventArguments(bytes: nil)), cost: 0
        )
    }

    /// A ring: the oldest is at `start`.
    private var entries: [Entry] = []
    private var start = 0
    private var count = 0
    private var bytes = 0
    private let maximumCount: Int
    private let maximumBytes: Int

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = max(0, maximumCount)
        self.maximumBytes = max(0, maximumBytes)
    }

    /// Adds the newest event.
    ///
    /// - Returns: How many events the bound in bytes has cost.
    mutating func append(_ emission: Emission) -> Int {
        let cost = emission.cost
        // One that fits only alone must not push out all others and then not fit either.
        guard self.maximumCount > 0, cost <= self.maximumBytes else { return 1 }
        self.makeRoom()
        let place = self.index(self.count == self.maximumCount ? 0 : self.count)
        if self.count == self.maximumCount {
            self.bytes -= self.entries[place].cost
            self.start = self.index(1)
        } else {
            self.count += 1
        }
        self.entries[place] = Entry(emission: emission, cost: cost)
        self.bytes += cost
        var dropped = 0
        while self.bytes > self.maximumBytes {
            self.removeFirst()
            dropped += 1
        }
        return dropped
    }

    /// Puts older events before what is there, as many of the newest of them as there is room for.
    mutating func prepend(_ older: [EventRecord]) {
        self.makeRoom()
        for record in older.reversed() {
            let emission = Emission(record, isRemote: true)
            let cost = emission.cost
            guard self.count < self.maximumCount, self.bytes + cost <= self.maximumBytes else { return }
            self.start = self.start == 0 ? self.maximumCount - 1 : self.start - 1
            self.entries[self.start] = Entry(emission: emission, cost: cost)
            self.count += 1
            self.bytes += cost
        }
    }

    mutating func clear() {
        while self.count > 0 { self.removeFirst() }
    }

    /// The events in their order, the oldest first.
    func all(_ isWanted: (Emission) -> Bool = { _ in true }) -> [Emission] {
        (0..<self.count).map { self.entries[self.index($0)].emission }.filter(isWanted)
    }

    private mutating func makeRoom() {
        if self.entries.isEmpty { self.entries = Array(repeating: .none, count: self.maximumCount) }
    }

    private mutating func removeFirst() {
        self.bytes -= self.entries[self.start].cost
        self.entries[self.start] = .none
        self.start = self.index(1)
        self.count -= 1
    }

    private func index(_ offset: Int) -> Int {
        let index = self.start + offset
        return index < self.maximumCount ? index : index - self.maximumCount
    }
}
