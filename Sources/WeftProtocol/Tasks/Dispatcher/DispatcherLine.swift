// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import HeapModule

/// Tasks in the order in which they are dealt; those that come in this order, as nearly all do, cost no sorting.
struct DispatcherLine {
    private var sorted: Deque<DispatcherReady> = []
    private var others = Heap<DispatcherReady>()

    var isEmpty: Bool { self.sorted.isEmpty && self.others.isEmpty }

    var min: DispatcherReady? {
        guard let first = self.sorted.first else { return self.others.min }
        guard let other = self.others.min, other < first else { return first }
        return other
    }

    /// All of them, in no order.
    var unordered: [DispatcherReady] { self.sorted + self.others.unordered }

    mutating func insert(_ ready: DispatcherReady) {
        if let last = self.sorted.last, ready < last { self.others.insert(ready) } else { self.sorted.append(ready) }
    }

    @discardableResult
    mutating func popMin() -> DispatcherReady? {
        guard let first = self.sorted.first else { return self.others.popMin() }
        guard let other = self.others.min, other < first else { return self.sorted.popFirst() }
        return self.others.popMin()
    }
}
