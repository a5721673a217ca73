// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HeapModule

/// A queue: its lines of tasks that may be dealt, one for each agent, and what its limits leave.
struct DispatcherQueue {
    let configuration: QueueConfiguration
    /// How many of its tasks workers hold.
    private(set) var running = 0
    private var runningOfKey: [String: Int] = [:]
    /// How many tasks wait in the lines, or for their key.
    var waiting = 0
    /// How many places there are in the lines; more than tasks, because what was cancelled leaves its place behind.
    private var places = 0
    private var lines: [String?: Heap<DispatcherReady>] = [:]
    /// Tasks whose key has as many running as are allowed; for each agent by itself, because the first may be one that nobody serves.
    private var parked: [String: [String?: Heap<DispatcherReady>]] = [:]
    /// Where the queue's next task stands among the turns of all queues.
    var start = 0.0
    /// How many classes of workers have it on their list, and whether all that serve it do.
    var listings = 0
    var isListed = false
    var hasTokenTimer = false
    private var tokens: Double
    private var refilledAt: MonotonicTime

    init(_ configuration: QueueConfiguration, isFresh: Bool, at now: MonotonicTime) {
        self.configuration = configuration
        self.tokens = isFresh ? Double(configuration.burst) : 0
        self.refilledAt = now
    }

    // MARK: - Limits

    var isFull: Bool { self.configuration.maximumRunning.map { self.running >= $0 } ?? false }

    var stride: Double { 1 / Double(max(1, self.configuration.weight)) }

    /// Whether nothing would be lost if the queue were made anew.
    mutating func isIdle(at now: MonotonicTime) -> Bool {
        self.running == 0 && self.waiting == 0 && self.listings == 0 && !self.hasTokenTimer
            && self.pause(at: now) == nil
            && (self.configuration.rate == nil || self.tokens >= Double(self.configuration.burst))
    }

    /// How long the rate makes the queue wait; nil when it may deal.
    mutating func pause(at now: MonotonicTime) -> Duration? {
        guard let rate = self.configuration.rate, !rate.isNaN else { return nil }
        guard rate > 0 else { return .seconds(1_000_000_000) }
        let passed = max(0, (now - self.refilledAt).inSeconds)
        self.tokens = min(Double(max(1, self.configuration.burst)), self.tokens + passed * rate)
        self.refilledAt = max(now, self.refilledAt)
        // What rounding leaves short of a whole token is one.
        guard self.tokens < 1 - 1e-9 else { return nil }
        return .seconds(min((1 - self.tokens) / rate, 1e9)) + .microseconds(1)
    }

    private func isFull(key: String?) -> Bool {
        guard let key, let limit = self.configuration.maximumRunningPerKey else { return false }
        return (self.runningOfKey[key] ?? 0) >= limit
    }

    // MARK: - Lines

    /// The agents whose lines are not empty; nil for tasks that name none.
    var agents: [String?] { Array(self.lines.keys) }

    mutating func add(_ ready: DispatcherReady) {
        self.waiting += 1
        self.place(ready)
    }

    private mutating func place(_ ready: DispatcherReady) {
        self.places += 1
        if let key = ready.key, self.isFull(key: key) {
            self.parked[key, default: [:]][ready.agentID, default: Heap()].insert(ready)
        } else {
            self.lines[ready.agentID, default: Heap()].insert(ready)
        }
    }

    /// The first task of a line that may be dealt; what has moved on is dropped, and what must wait for its key is parked.
    mutating func head(of agentID: String?, _ entries: [String: DispatcherEntry]) -> DispatcherReady? {
        while let head = self.lines[agentID]?.min {
            let isThere = head.holds(for: entries[head.id])
            if isThere, !self.isFull(key: head.key) { return head }
            _ = self.lines[agentID]?.popMin()
            self.places -= 1
            if isThere { self.place(head) }
        }
        self.lines[agentID] = nil
        return nil
    }

    /// The first task of a line goes to a worker.
    mutating func take(_ agentID: String?) {
        guard let ready = self.lines[agentID]?.popMin() else { return }
        self.places -= 1
        self.waiting -= 1
        self.start += self.stride
        if self.configuration.rate != nil { self.tokens -= 1 }
        self.begin(key: ready.key)
    }

    /// A worker holds one of the tasks.
    mutating func begin(key: String?) {
        self.running += 1
        if let key { self.runningOfKey[key, default: 0] += 1 }
    }

    /// A worker holds one of the tasks no longer: the next of its key may leave its parking place.
    mutating func end(key: String?, _ entries: [String: DispatcherEntry]) {
        self.running -= 1
        guard let key, let count = self.runningOfKey[key] else { return }
        self.runningOfKey[key] = count > 1 ? count - 1 : nil
        self.unpark(key, entries)
    }

    private mutating func unpark(_ key: String, _ entries: [String: DispatcherEntry]) {
        guard let agents = self.parked[key]?.keys, !self.isFull(key: key) else { return }
        for agentID in Array(agents) {
            while let next = self.parked[key]?[agentID]?.popMin() {
                self.places -= 1
                guard next.holds(for: entries[next.id]) else { continue }
                self.place(next)
                break
            }
            if self.parked[key]?[agentID]?.isEmpty == true { self.parked[key]?[agentID] = nil }
        }
        if self.parked[key]?.isEmpty == true { self.parked[key] = nil }
    }

    /// A task left the line without having been dealt; its place is dropped when the line comes to it, or when there are too many.
    mutating func forget(key: String?, _ entries: [String: DispatcherEntry]) {
        self.waiting -= 1
        // It may have been the one that another of its key was waiting for.
        if let key { self.unpark(key, entries) }
        guard self.places > 2 * self.waiting + 1024 else { return }
        let all = self.lines.values.map(\.unordered) + self.parked.values.joined().map(\.value.unordered)
        self.lines = [:]
        self.parked = [:]
        self.places = 0
        for ready in all.joined() where ready.holds(for: entries[ready.id]) { self.place(ready) }
    }
}
