// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The faults that wait for requests.
struct StandInFaultPlan: Hashable, Sendable {
    /// What a request meets.
    enum Effect: Hashable, Sendable {
        case answer(status: Int, retryAfter: Int?)
        case drop
        case loseReply
        case delay(milliseconds: Int)
        case mute
    }

    private struct Entry: Hashable, Sendable {
        let target: StandInFault.Target
        let effect: Effect
        var count: Int
        /// When it is over, whatever is left of the count; nil for never.
        var end: ContinuousClock.Instant?
    }

    private var entries: [Entry] = []

    /// How many requests will still meet a fault.
    ///
    /// One that lasts for a time counts as one.
    var pending: Int {
        self.entries.reduce(0) { $0.addingReportingOverflow($1.end == nil ? $1.count : 1).partialValue }
    }

    /// Takes a fault; false for one that is not about requests and happens at once.
    mutating func add(_ fault: StandInFault, at now: ContinuousClock.Instant = .now) -> Bool {
        switch fault {
        case .lasting(let fault, let milliseconds):
            let count = self.entries.count
            guard self.add(fault, at: now) else { return false }
            for index in self.entries.indices[count...] { self.entries[index].end = now + .milliseconds(milliseconds) }
        case .answer(let status, let target, let count, let retryAfter):
            self.entries.append(
                Entry(target: target, effect: .answer(status: status, retryAfter: retryAfter), count: count))
        case .drop(let target, let count):
            self.entries.append(Entry(target: target, effect: .drop, count: count))
        case .loseReply(let target, let count):
            self.entries.append(Entry(target: target, effect: .loseReply, count: count))
        case .delay(let target, let milliseconds, let count):
            self.entries.append(Entry(target: target, effect: .delay(milliseconds: milliseconds), count: count))
        case .muteStreams(let count):
            self.entries.append(Entry(target: .stream, effect: .mute, count: count))
        default: return false
        }
        return true
    }

    mutating func clear() {
        self.entries = []
    }

    /// What a request meets: the first fault that any of its descriptions fits, once.
    mutating func take(_ targets: [StandInFault.Target], at now: ContinuousClock.Instant = .now) -> Effect? {
        self.forgetPast(now)
        guard let index = self.entries.firstIndex(where: { $0.target == .any || targets.contains($0.target) }) else {
            return nil
        }
        let effect = self.entries[index].effect
        guard self.entries[index].end == nil else { return effect }
        self.entries[index].count -= 1
        if self.entries[index].count <= 0 { self.entries.remove(at: index) }
        return effect
    }

    /// Forgets what is over.
    mutating func forgetPast(_ now: ContinuousClock.Instant) {
        self.entries.removeAll { entry in entry.end.map { $0 <= now } ?? false }
    }
}
