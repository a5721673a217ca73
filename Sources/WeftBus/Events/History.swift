// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule

/// The newest events, bounded in number and in bytes.
struct History {
    private var records: Deque<EventRecord> = []
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
    mutating func append(_ record: EventRecord) -> Int {
        let cost = record.cost
        // One that fits only alone must not push out all others and then not fit either.
        guard self.maximumCount > 0, cost <= self.maximumBytes else { return 1 }
        if self.records.count >= self.maximumCount, let oldest = self.records.popFirst() {
            self.bytes -= oldest.cost
        }
        self.records.append(record)
        self.bytes += cost
        var dropped = 0
        while self.bytes > self.maximumBytes, let oldest = self.records.popFirst() {
            self.bytes -= oldest.cost
            dropped += 1
        }
        return dropped
    }

    /// Puts older events before what is there, as many of the newest of them as there is room for.
    mutating func prepend(_ older: [EventRecord]) {
        for record in older.reversed() {
            let cost = record.cost
            guard self.records.count < self.maximumCount, self.bytes + cost <= self.maximumBytes else { return }
            self.records.prepend(record)
            self.bytes += cost
        }
    }

    mutating func clear() {
        self.records.removeAll()
        self.bytes = 0
    }

    /// The events in their order, the oldest first.
    func all(_ isWanted: (EventRecord) -> Bool = { _ in true }) -> [EventRecord] {
        self.records.filter(isWanted)
    }
}
