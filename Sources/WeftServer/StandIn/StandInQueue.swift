// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Task ids in the order in which they are to be dealt.
struct StandInQueue: Hashable, Sendable {
    private var items: [String] = []
    private var head = 0

    var isEmpty: Bool { self.head == self.items.count }

    mutating func append(_ id: String) {
        self.items.append(id)
    }

    /// Puts ids before all others, in their order.
    mutating func putBack(_ ids: [String]) {
        self.items.replaceSubrange(0..<self.head, with: ids)
        self.head = 0
    }

    mutating func popFirst() -> String? {
        guard self.head < self.items.count else { return nil }
        defer {
            self.head += 1
            if self.head > 1_024, self.head * 2 > self.items.count {
                self.items.removeFirst(self.head)
                self.head = 0
            }
        }
        return self.items[self.head]
    }
}
