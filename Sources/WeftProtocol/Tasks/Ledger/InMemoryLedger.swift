// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import FoundationEssentials
import Locking

/// A ledger that lives as long as its process: for trying things out, for tests, and where the platform keeps the tasks.
public final class InMemoryLedger: Ledger {
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

    private struct Storage {
        var epoch: TaskEpoch
        var records: [String: (record: TaskRecord, order: UInt64)] = [:]
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
            let unfinished = storage.records.values.filter { !$0.record.status.state.isFinal }
            return LedgerState(
                epoch: storage.epoch,
                unfinished: unfinished.sorted { $0.order < $1.order }.map(\.record),
                reports: storage.reports.values.sorted { $0.order < $1.order }.map(\.item))
        }
    }

    /// Writes all the changes or none.
    public func write(_ changes: [LedgerChange], epoch: TaskEpoch) async throws {
        try self.storage.withLock { storage in
            guard epoch == storage.epoch else {
                throw LedgerError(
                    .superseded, "The ledger is at epoch \(storage.epoch), the write came from epoch \(epoch).")
            }
            try Self.check(changes, against: storage)
            for change in changes { self.apply(change, to: &storage) }
            self.trim(&storage)
        }
    }

    /// The task with an id; nil when the ledger has none, or no longer.
    public func task(_ id: String) async throws -> TaskRecord? {
        self.storage.withLock { $0.records[id]?.record }
    }

    /// The tasks that match a filter, page by page.
    public func tasks(matching filter: TaskFilter) async throws -> LedgerPage {
        let bound = filter.after.map { UInt64(clamping: $0.order) }
        let found = self.storage.withLock { storage in
            storage.records.values.filter { element in
                filter.matches(element.record)
                    && (bound.map { filter.isNewestFirst ? element.order < $0 : element.order > $0 } ?? true)
            }
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
            for element in storage.records.values { counts[element.record.status.state, default: 0] += 1 }
            return counts
        }
    }

    /// Does nothing: there is nothing to close.
    public func close() async {}

    private static func check(_ changes: [LedgerChange], against storage: Storage) throws {
        var accepted: Set<String> = []
        for change in changes {
            switch change {
            case .accepted(let record):
                accepted.insert(record.task.id)
            case .status(let id, _) where storage.records[id] == nil && !accepted.contains(id):
                throw LedgerError(.invalidChange, "The ledger has no task \(id) whose status could change.")
            case .status, .report, .reported, .removed:
                break
            }
        }
    }

    private func apply(_ change: LedgerChange, to storage: inout Storage) {
        switch change {
        case .accepted(let record):
            // Written again when it is requeued: it keeps its place.
            let order = storage.records[record.task.id]?.order
            storage.records[record.task.id] = (record, order ?? storage.nextOrder)
            if order == nil { storage.nextOrder += 1 }
            self.noteEnd(of: record.task.id, in: &storage)
        case .status(let id, let status):
            storage.records[id]?.record.status = status
            self.noteEnd(of: id, in: &storage)
        case .report(let item):
            storage.reports[item.id] = (item, storage.nextOrder)
            storage.nextOrder += 1
        case .reported(let id):
            storage.reports[id] = nil
        case .removed(let id):
            storage.records[id] = nil
        }
    }

    private func noteEnd(of id: String, in storage: inout Storage) {
        guard let record = storage.records[id]?.record, record.status.state.isFinal else { return }
        let bytes = record.task.payload.approximateBytes + (record.status.outcome?.approximateBytes ?? 0) + 512
        if record.status.state == .dead { storage.dead.append(id, bytes) } else { storage.finished.append(id, bytes) }
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
            if let state = storage.records[oldest]?.record.status.state, isStill(state) {
                storage.records[oldest] = nil
            }
        }
    }
}
