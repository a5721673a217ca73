// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule

/// Tasks that wait for something behind a lock, in their order; each can be cancelled.
struct Waiters<Answer: Sendable> {
    private var waiting: Deque<(id: UInt64, continuation: CheckedContinuation<Answer, Never>)> = []
    private var lastID: UInt64 = 0

    /// Names a task that is about to wait.
    mutating func makeID() -> UInt64 {
        self.lastID += 1
        return self.lastID
    }

    mutating func add(_ id: UInt64, _ continuation: CheckedContinuation<Answer, Never>) {
        self.waiting.append((id, continuation))
    }

    /// Takes out the one that has waited longest; the caller resumes it outside the lock.
    mutating func popFirst() -> CheckedContinuation<Answer, Never>? {
        self.waiting.popFirst()?.continuation
    }

    /// Takes out one that does not want to wait any longer.
    mutating func remove(_ id: UInt64) -> CheckedContinuation<Answer, Never>? {
        guard let index = self.waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return self.waiting.remove(at: index).continuation
    }

    /// Takes out all.
    mutating func removeAll() -> [CheckedContinuation<Answer, Never>] {
        defer { self.waiting.removeAll() }
        return self.waiting.map(\.continuation)
    }
}
