// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Brings reports to the platform: each until it is taken or clearly refused, with growing, jittered pauses, a task's in their order.
///
/// `executing` goes before the end, at least once, and never after it: the end is sent only when the ledger has forgotten the beginning
/// (``release(_:at:)``), so that no later coordinator says it again. It gives way to a known end after so many failures, because a
/// failure to say that work has begun must not hold up the result for ever. An end that owes metrics is settled when the platform has those too; they
/// are repeated like everything else, so one whose answer was lost arrives twice, under the same task id.
public struct ReportOutbox: Sendable {
    private struct Line {
        var items: [ReportItem]
        var failures = 0
        var isInFlight = false
        /// Whether the platform has the first item's end, and only its metrics are left.
        var isEndTaken = false
        /// Whether the end waits until the ledger has forgotten the beginning.
        var isHeld = false
        /// Whether the first item is on its way and need not arrive any more.
        var isWithdrawn = false
        var due: MonotonicTime
        let order: UInt64
    }

    /// What an outbox has counted.
    public struct Counters: Hashable, Sendable {
        /// Reports taken.
        public var taken = 0
        /// Reports clearly refused.
        public var refused = 0
        /// Sendings that did not get through.
        public var failures = 0
        /// Reports dropped because a later one said more, or because they were not worth more attempts.
        public var dropped = 0
    }

    /// What has been counted.
    public private(set) var counters = Counters()
    private var lines: [String: Line] = [:]
    private var inFlight = 0
    /// Tasks whose beginning is settled and still in the ledger: an end that comes meanwhile waits, too.
    private var unforgotten: Set<String> = []
    private var nextOrder: UInt64 = 0
    private var random: SplitMix64
    private let pauses: RetryPolicy
    private let concurrency: Int

    /// Creates an empty outbox.
    ///
    /// - Parameters:
    ///   - pauses: How pauses grow.
    ///   - concurrency: How many reports are on their way at once.
    ///   - seed: Where the jitter comes from.
    public init(
        pauses: RetryPolicy = RetryPolicy(backoff: .milliseconds(500), maximumBackoff: .seconds(60)),
        concurrency: Int = TaskDefaults.reportsInFlight, seed: UInt64
    ) {
        self.pauses = pauses
        self.concurrency = max(1, concurrency)
        self.random = SplitMix64(seed: seed)
    }

    /// Whether nothing is left to be reported.
    public var isEmpty: Bool { self.lines.isEmpty }

    /// How many reports wait or are on their way.
    public var count: Int { self.lines.values.reduce(0) { $0 + $1.items.count } }

    /// When ``tick(at:)`` is next worth calling; nil when nothing waits for its time.
    public var nextDue: MonotonicTime? {
        self.inFlight >= self.concurrency
            ? nil : self.lines.values.lazy.filter { !$0.isInFlight && !$0.isHeld }.map(\.due).min()
    }

    /// Something is to be reported.
    public mutating func add(_ item: ReportItem, at now: MonotonicTime) -> [ReportOutboxAction] {
        var actions: [ReportOutboxAction] = []
        if var line = self.lines[item.taskID] {
            guard !line.items.contains(where: { $0.id == item.id }) else { return [] }
            guard item.isFinal else {
                // The end is already on its way.
                self.counters.dropped += 1
                return [.settled(item, .overtaken)]
            }
            let isBusy = line.isInFlight
            line.items = line.items.enumerated().filter { index, other in
                guard other.isFinal, index > 0 || !isBusy else { return true }
                // An end that is no longer one.
                self.counters.dropped += 1
                actions.append(.settled(other, .overtaken))
                return false
            }
            .map(\.element)
            if line.items.isEmpty {
                line.failures = 0
                line.due = now
            }
            line.items.append(item)
            self.lines[item.taskID] = line
        } else {
            var line = Line(items: [item], due: now, order: self.nextOrder)
            line.isHeld = self.unforgotten.contains(item.taskID)
            self.lines[item.taskID] = line
            self.nextOrder += 1
        }
        return actions + self.tick(at: now)
    }

    /// Something is no longer true: it is not sent any more, nor repeated when it is just on its way.
    public mutating func withdraw(taskID: String, reportID: String) {
        guard var line = self.lines[taskID], let index = line.items.firstIndex(where: { $0.id == reportID }) else {
            return
        }
        if index == 0, line.isInFlight {
            line.isWithdrawn = true
        } else {
            self.counters.dropped += 1
            line.items.remove(at: index)
            if index == 0 { line.isEndTaken = false }
        }
        self.lines[taskID] = line.items.isEmpty ? nil : line
    }

    /// A sending ended.
    public mutating func sent(_ item: ReportItem, _ outcome: ReportOutcome, at now: MonotonicTime)
        -> [ReportOutboxAction]
    {
        guard var line = self.lines[item.taskID], line.isInFlight, line.items.first?.id == item.id else { return [] }
        self.inFlight -= 1
        line.isInFlight = false
        defer { self.lines[item.taskID]?.isWithdrawn = false }
        var actions: [ReportOutboxAction] = []
        switch outcome {
        case .taken where item.owesMetrics && !line.isEndTaken:
            self.counters.taken += 1
            line.isEndTaken = true
            line.failures = 0
            line.due = now
        case .taken, .refused, .overtaken:
            if outcome == .taken { self.counters.taken += 1 } else { self.counters.refused += 1 }
            actions.append(.settled(item, outcome))
            line.items.removeFirst()
            if !item.isFinal { self.unforgotten.insert(item.taskID) }
            line.isHeld = !item.isFinal
            line.isEndTaken = false
            line.failures = 0
            line.due = now
        case .failed(_, let wanted):
            self.counters.failures += 1
            line.failures += 1
            let isOvertaken =
                !item.isFinal && line.items.count > 1 && line.failures >= TaskDefaults.executingReportAttempts
            if isOvertaken || line.isWithdrawn {
                self.counters.dropped += 1
                actions.append(.settled(item, line.items.count > 1 ? .overtaken : outcome))
                line.items.removeFirst()
                if !item.isFinal { self.unforgotten.insert(item.taskID) }
                line.isHeld = !item.isFinal
                line.failures = 0
                line.due = now
            } else {
                let pause = self.pauses.pause(afterFailure: line.failures, using: &self.random)
                line.due = now + max(pause, wanted ?? .zero)
            }
        }
        self.lines[item.taskID] = line.items.isEmpty ? nil : line
        return actions + self.tick(at: now)
    }

    /// The ledger has forgotten a task's beginning: the end may follow.
    public mutating func release(_ taskID: String, at now: MonotonicTime) -> [ReportOutboxAction] {
        self.unforgotten.remove(taskID)
        guard self.lines[taskID]?.isHeld == true else { return [] }
        self.lines[taskID]?.isHeld = false
        return self.tick(at: now)
    }

    /// Time has passed: what is due is sent, the oldest task's first.
    public mutating func tick(at now: MonotonicTime) -> [ReportOutboxAction] {
        var actions: [ReportOutboxAction] = []
        guard self.inFlight < self.concurrency else { return [] }
        let due = self.lines.filter { !$0.value.isInFlight && !$0.value.isHeld && $0.value.due <= now }
        for (id, line) in due.sorted(by: { $0.value.order < $1.value.order }).prefix(self.concurrency - self.inFlight) {
            guard let item = line.items.first else { continue }
            self.lines[id]?.isInFlight = true
            self.inFlight += 1
            actions.append(line.isEndTaken ? .sendMetrics(item) : .send(item))
        }
        return actions
    }

    /// Everything is due at once, because there will be no later.
    public mutating func hurry(at now: MonotonicTime) -> [ReportOutboxAction] {
        for id in self.lines.keys { self.lines[id]?.due = now }
        return self.tick(at: now)
    }
}
