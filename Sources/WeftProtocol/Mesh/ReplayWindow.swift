// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule

/// The newest part of one origin's stream that this node still holds, as the batches in which it came.
struct ReplayWindow {
    /// What a batch takes beside its bytes.
    static let overhead = 128
    /// In the order of their first sequences; there may be holes between them.
    private(set) var batches: Deque<EventBatch> = []
    private(set) var bytes = 0

    /// Adds a batch; one that is there already changes nothing.
    mutating func insert(_ batch: EventBatch) {
        var index = self.batches.count
        while index > 0, self.batches[index - 1].first > batch.first { index -= 1 }
        if index > 0, self.batches[index - 1].last >= batch.last { return }
        self.batches.insert(batch, at: index)
        self.bytes += batch.byteCount + Self.overhead
    }

    /// Drops the oldest batch.
    mutating func removeOldest() {
        guard let batch = self.batches.popFirst() else { return }
        self.bytes -= batch.byteCount + Self.overhead
    }

    /// What is held of a range.
    ///
    /// - Parameter limit: Stops before the batch with which the answer would be larger, in bytes, except for the first.
    /// - Returns: the first sequence of the range that is held, 0 for none, and from there on the batches without a hole.
    func read(_ range: ClosedRange<UInt64>, limit: Int) -> (from: UInt64, batches: [EventBatch]) {
        var (low, high) = (0, self.batches.count)
        while low < high {
            let middle = (low + high) / 2
            if self.batches[middle].first <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        // The one before may reach into the range.
        if low > 0, self.batches[low - 1].last >= range.lowerBound { low -= 1 }
        guard low < self.batches.count, self.batches[low].first <= range.upperBound else { return (0, []) }
        var found: [EventBatch] = []
        var size = 0
        for batch in self.batches[low...] {
            guard batch.first <= range.upperBound, found.isEmpty || size + batch.byteCount <= limit else { break }
            if let last = found.last, batch.first > last.last + 1 { break }
            found.append(batch)
            size += batch.byteCount
        }
        return (max(range.lowerBound, self.batches[low].first), found)
    }
}
