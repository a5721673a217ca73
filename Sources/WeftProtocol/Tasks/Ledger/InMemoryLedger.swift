// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials
import Locking

/// A ledger that lives as long as its process: for trying things out, for tests, and where the platform keeps the tasks.
public final class InMemoryLedger: ImmediateLedger {
    /// Ended tasks, the oldest first.
    private struct Ends {
        private(set) var tasks: Deque<(id: String, bytes: Int)> = []
        private(set) var bytes = 0

        mutating func append(_ id: String, _ bytes: Int) {
            self.tasks.append((id, bytes))
            self.bytes += bytes
        }

        mutating func popFirst() -> String? {
            guard let oldest = self.tasks.popFirst() else { return nil }
            self.bytes -= oldest.bytes
            return oldest.id
        }
    }

    /// A task; on its own, so that a growing ledger moves no records.
    private final class Entry {
        var record: TaskRecord
        let order: UInt64

        init(_ record: TaskRecord, order: UInt64) {
            self.record = record
            self.order = order
        }
    }

    /// All tasks; the few that have not ended on their own, where they are found sooner.
    private struct Entries {
        private var open: [String: Entry] = [:]
        private var ended: [String: Entry] = [:]

        var values: [Entry] { Array(self.open.values) + Array(self.ended.values) }

        subscript(id: String) -> Entry? { self.open[id] ?? self.ended[id] }

        /// Takes in a task that was accepted, for the first time or again.
        mutating func insert(_ record: TaskRecord, order: UInt64) -> (entry: Entry, isNew: Bool) {
            if let known = self[record.task.id] {
                known.record = record
                self.ended[record.task.id] = nil
                self.open[record.task.id] = known
                return (known, false)
            }
            let entry = Entry(record, order: order)
            self.open[record.task.id] = entry
            return (entry, true)
        }

        mutating func end(_ id: String, _ entry: Entry) {
            self.open[id] = nil
            self.ended[id] = entry
        }

        mutating func remove(_ id: String) {
            if self.open.removeValue(forKey: id) == nil { self.ended[id] = nil }
        }
    }

    private struct Storage {
        var epoch: TaskEpoch
        var records = Entries()
        var reports: [String: (item: ReportItem, order: UInt64)] = [:]
        var finished = Ends()
        /// Dead letters, which go only when they alone are too many.
        var dead = Ends()
        var nextOrder: UInt64 = 0
    }

    /// Always false: nothing outlives the process.
    public let isDurable = false
    private let finishedKept: Int
    private let finishedBytesKept: Int
    private let storage: Locked<Storage>

    /// Creates an empty ledger.
    ///
    /// - Parameters:
    ///   - finishedKept: How many finished tasks are kept; the oldest go first.
    ///   - finishedBytes: How many bytes of finished tasks are kept.
    public init(
        finishedKept: Int = TaskDefaults.finishedKept, finishedBytes: Int = TaskDefaults.finishedBytesInMemory
    ) {
        self.finishedKept = finishedKept
        self.finishedBytesKept = finishedBytes
        let id = "memory-" + UUID().uuidString.lowercased()
        self.storage = Locked(Storage(epoch: TaskEpoch(ledgerID: id, counter: 0)))
    }

    /// Takes the ledger and raises its epoch.
    public func open() async throws -> LedgerState {
        self.storage.withLock { storage in
            storage.epoch.counter += 1
            let unfinished = storage.records.values.filter { !$0.record.state.isFinal }
            return LedgerState(
                epoch: storage.epoch,
                unfinished: unfinished.sorted { $0.order < $1.order }.map(\.record),
                reports: storage.reports.values.sorted { $0.order < $1.order }.map(\.item))
        }
    }

    /// Writes all the changes or none.
    public func write(_ changes: [LedgerChange], epoch: TaskEpoch) async throws {
        try self.writeNow(changes, epoch: epoch)
    }

    /// Writes all the changes or none.
    public func writeNow(_ changes: [LedgerChange], epoch: TaskEpoch) throws {
        try self.storage.withLock { storage in
            guard epoch == storage.epoch else {
                throw LedgerError(
                    .superseded, "The ledger is at epoch \(storage.epoch), the write came from epoch \(epoch).")
            }
            let known = try Self.check(changes, against: storage)
            for (change, entry) in zip(changes, known) { self.apply(change, of: entry, to: &storage) }
            self.trim(&storage)
        }
    }

    /// The task with an id; nil when the ledger has none, or no longer.
    public func task(_ id: String) async throws -> TaskRecord? {
        self.taskNow(id)
    }

    /// The task with an id; nil when the ledger has none, or no longer.
    public func taskNow(_ id: String) -> TaskRecord? {
        self.storage.withLock { $0.records[id]?.record }
    }

    /// The tasks that match a filter, page by page.
    public func tasks(matching filter: TaskFilter) async throws -> LedgerPage {
        let bound = filter.after.map { UInt64(clamping: $0.order) }
        let found = self.storage.withLock { storage in
            storage.records.values.lazy.filter { element in
                filter.matches(element.record)
                    && (bound.map { filter.isNewestFirst ? element.order < $0 : element.order > $0 } ?? true)
            }
            .map { (record: $0.record, order: $0.order) }
            .sorted { filter.isNewestFirst ? $0.order > $1.order : $0.order < $1.order }
        }
        let page = found.prefix(max(0, filter.limit))
        let last = page.count < found.count ? page.last : nil
        return LedgerPage(
            records: page.map(\.record),
            next: last.map { TaskFilter.Cursor(order: Int64(clamping: $0.order)) })
    }

    /// How many tasks there are in each state.
    public func counts() async throws -> [TaskState: Int] {
        self.storage.withLock { storage in
            var counts: [TaskState: Int] = [:]
            for element in storage.records.values { counts[element.record.state, default: 0] += 1 }
            return counts
        }
    }

    /// Does nothing: there is nothing to close.
    public func close() async {}

    /// Finds the tasks whose status changes, so that nobody need look for them twice.
    private static func check(_ changes: [LedgerChange], against storage: Storage) throws -> [Entry?] {
        var known: [Entry?] = []
        known.reserveCapacity(changes.count)
        for (index, change) in changes.enumerated() {
            guard case .status(let id, _) = change else {
                known.append(nil)
                continue
            }
            known.append(storage.records[id])
            guard known[index] == nil else { continue }
            let isAccepted = changes[..<index].contains { earlier in
                if case .accepted(let record) = earlier { record.task.id == id } else { false }
            }
            guard isAccepted else {
                throw LedgerError(.invalidChange, "The ledger has no task \(id) whose status could change.")
            }
        }
        return known
    }

    private func apply(_ change: LedgerChange, of known: Entry?, to storage: inout Storage) {
        switch change {
        case .accepted(let record):
            // Written again when it is requeued: it keeps its place.
            let (entry, isNew) = storage.records.insert(record, order: storage.nextOrder)
            if isNew { storage.nextOrder += 1 }
            self.noteEnd(of: entry, in: &storage)
        case .status(let id, let status):
            guard let entry = known ?? storage.records[id] else { return }
            entry.record.status = status
            self.noteEnd(of: entry, in: &storage)
        case .report(let item):
            storage.reports[item.id] = (item, storage.nextOrder)
            storage.nextOrder += 1
        case .reported(let id):
            storage.reports[id] = nil
        case .removed(let id):
            storage.records.remove(id)
        }
    }

    private func noteEnd(of entry: Entry, in storage: inout Storage) {
        guard entry.record.state.isFinal else { return }
        let (id, payload) = (entry.record.task.id, entry.record.task.payload)
        storage.records.end(id, entry)
        let bytes = payload.approximateBytes + (entry.record.status.outcome?.approximateBytes ?? 0) + 512
        if entry.record.state == .dead {
            storage.dead.append(id, bytes)
        } else {
            storage.finished.append(id, bytes)
        }
    }

    private func trim(_ storage: inout Storage) {
        self.trim(\.finished, of: &storage) { $0.isFinal && $0 != .dead }
        self.trim(\.dead, of: &storage) { $0 == .dead }
    }

    private func trim(
        _ ends: WritableKeyPath<Storage, Ends>, of storage: inout Storage, while isStill: (TaskState) -> Bool
    ) {
        while storage[keyPath: ends].tasks.count > self.finishedKept
            || storage[keyPath: ends].bytes > self.finishedBytesKept
        {
            guard let oldest = storage[keyPath: ends].popFirst() else { return }
            // A task that was requeued since has no end, or another one, and stays.
            if let state = storage.records[oldest]?.record.state, isStill(state) {
                storage.records.remove(oldest)
            }
        }
    }
}
