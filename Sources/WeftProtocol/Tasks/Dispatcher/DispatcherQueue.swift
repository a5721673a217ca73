// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A queue: its lines of tasks that may be dealt, one for each agent, and what its limits leave.
struct DispatcherQueue {
    let name: String
    let configuration: QueueConfiguration
    /// How many of its tasks workers hold.
    private(set) var running = 0
    private var runningOfKey: [String: Int] = [:]
    /// How many tasks wait in the lines, or for their key.
    var waiting = 0
    /// How many places there are in the lines; more than tasks, because what was cancelled leaves its place behind.
    private var places = 0
    /// Tasks that name no agent.
    private var plain = DispatcherLine()
    private var lines: [String: DispatcherLine] = [:]
    /// Tasks whose key has as many running as are allowed; for each agent by itself, because the first may be one that nobody serves.
    private var parked: [String: [String?: DispatcherLine]] = [:]
    /// Where the queue's next task stands among the turns of all queues.
    var start = 0.0
    /// How many classes of workers have it on their list, and whether all that serve it do.
    var listings = 0
    var isListed = false
    var hasTokenTimer = false
    private var tokens: Double
    private var refilledAt: MonotonicTime

    init(_ name: String, _ configuration: QueueConfiguration, isFresh: Bool, at now: MonotonicTime) {
        self.name = name
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

    /// Whether its limits leave something to deal.
    mutating func goesOn(at now: MonotonicTime) -> Bool {
        self.waiting > 0 && !self.isFull && (self.configuration.rate == nil || self.pause(at: now) == nil)
    }

    // MARK: - Lines

    /// Whether all that waits in the lines names no agent.
    var isPlain: Bool { self.lines.isEmpty }

    /// The agents whose lines are not empty; nil for tasks that name none.
    var agents: [String?] { (self.plain.isEmpty ? [] : [nil]) + self.lines.keys.map { $0 } }

    mutating func add(_ ready: DispatcherReady, _ entries: DispatcherEntries) {
        self.waiting += 1
        self.place(ready, entries)
    }

    private mutating func place(_ ready: DispatcherReady, _ entries: DispatcherEntries) {
        self.places += 1
        if self.configuration.maximumRunningPerKey != nil, let key = entries[ready.place].task.key,
            self.isFull(key: key)
        {
            self.parked[key, default: [:]][entries[ready.place].task.agentID, default: DispatcherLine()].insert(ready)
        } else if let agentID = entries[ready.place].task.agentID {
            self.lines[agentID, default: DispatcherLine()].insert(ready)
        } else {
            self.plain.insert(ready)
        }
    }

    private func first(of agentID: String?) -> DispatcherReady? {
        guard let agentID else { return self.plain.min }
        return self.lines[agentID]?.min
    }

    private mutating func popFirst(of agentID: String?) {
        guard let agentID else {
            self.plain.popMin()
            return
        }
        self.lines[agentID]?.popMin()
        if self.lines[agentID]?.isEmpty == true { self.lines[agentID] = nil }
    }

    /// The first task of a line that may be dealt; what has moved on is dropped, and what must wait for its key is parked.
    mutating func head(of agentID: String?, _ entries: DispatcherEntries) -> DispatcherReady? {
        while let head = self.first(of: agentID) {
            let isThere = head.holds(in: entries)
            if isThere,
                self.configuration.maximumRunningPerKey == nil || !self.isFull(key: entries[head.place].task.key)
            {
                return head
            }
            self.popFirst(of: agentID)
            self.places -= 1
            if isThere { self.place(head, entries) }
        }
        return nil
    }

    /// The first task of a line goes to a worker.
    mutating func take(_ agentID: String?, key: String?) {
        self.popFirst(of: agentID)
        self.places -= 1
        self.waiting -= 1
        self.start += self.stride
        if self.configuration.rate != nil { self.tokens -= 1 }
        self.begin(key: key)
    }

    /// A worker holds one of the tasks.
    mutating func begin(key: String?) {
        self.running += 1
        if let key { self.runningOfKey[key, default: 0] += 1 }
    }

    /// A worker holds one of the tasks no longer: the next of its key may leave its parking place.
    mutating func end(key: String?, _ entries: DispatcherEntries) {
        self.running -= 1
        guard let key, let count = self.runningOfKey[key] else { return }
        self.runningOfKey[key] = count > 1 ? count - 1 : nil
        self.unpark(key, entries)
    }

    private mutating func unpark(_ key: String, _ entries: DispatcherEntries) {
        guard let agents = self.parked[key]?.keys, !self.isFull(key: key) else { return }
        for agentID in Array(agents) {
            while let next = self.parked[key]?[agentID]?.popMin() {
                self.places -= 1
                guard next.holds(in: entries) else { continue }
                self.place(next, entries)
                break
            }
            if self.parked[key]?[agentID]?.isEmpty == true { self.parked[key]?[agentID] = nil }
        }
        if self.parked[key]?.isEmpty == true { self.parked[key] = nil }
    }

    /// A task left the line without having been dealt; its place is dropped when the line comes to it, or when there are too many.
    mutating func forget(key: String?, _ entries: DispatcherEntries) {
        self.waiting -= 1
        // It may have been the one that another of its key was waiting for.
        if let key { self.unpark(key, entries) }
        guard self.places > 2 * self.waiting + 1024 else { return }
        let parked = self.parked.values.joined().flatMap(\.value.unordered)
        let all = self.plain.unordered + self.lines.values.flatMap(\.unordered) + parked
        self.plain = DispatcherLine()
        self.lines = [:]
        self.parked = [:]
        self.places = 0
        for ready in all where ready.holds(in: entries) { self.place(ready, entries) }
    }
}
