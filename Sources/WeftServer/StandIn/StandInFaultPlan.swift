// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The faults that wait for requests.
struct StandInFaultPlan: Hashable, Sendable {
    /// What a request meets.
    enum Effect: Hashable, Sendable {
        case answer(status: Int, retryAfter: Int?)
        case drop
        case loseReply
        case delay(milliseconds: Int)
    }

    private struct Entry: Hashable, Sendable {
        let target: StandInFault.Target
        let effect: Effect
        var count: Int
    }

    private var entries: [Entry] = []

    /// How many requests will still meet a fault.
    var pending: Int { self.entries.reduce(0) { $0.addingReportingOverflow($1.count).partialValue } }

    /// Takes a fault; false for one that is not about requests and happens at once.
    mutating func add(_ fault: StandInFault) -> Bool {
        switch fault {
        case .answer(let status, let target, let count, let retryAfter):
            self.entries.append(
                Entry(target: target, effect: .answer(status: status, retryAfter: retryAfter), count: count))
        case .drop(let target, let count):
            self.entries.append(Entry(target: target, effect: .drop, count: count))
        case .loseReply(let target, let count):
            self.entries.append(Entry(target: target, effect: .loseReply, count: count))
        case .delay(let target, let milliseconds, let count):
            self.entries.append(Entry(target: target, effect: .delay(milliseconds: milliseconds), count: count))
        default: return false
        }
        return true
    }

    mutating func clear() {
        self.entries = []
    }

    /// What a request meets: the first fault that any of its descriptions fits, once.
    mutating func take(_ targets: [StandInFault.Target]) -> Effect? {
        guard let index = self.entries.firstIndex(where: { $0.target == .any || targets.contains($0.target) }) else {
            return nil
        }
        let effect = self.entries[index].effect
        self.entries[index].count -= 1
        if self.entries[index].count <= 0 { self.entries.remove(at: index) }
        return effect
    }
}
