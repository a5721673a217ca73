// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// The ledger as a value, which loses what a failure of the machine would lose.
struct SimulatedLedger {
    struct Entry {
        var record: TaskRecord
        let order: Int
    }

    private enum Undo {
        case task(String, Entry?)
        case report(String, (item: ReportItem, order: Int)?)
    }

    private(set) var epoch = TaskEpoch(ledgerID: "simulated", counter: 0)
    private(set) var entries: [String: Entry] = [:]
    private(set) var reports: [String: (item: ReportItem, order: Int)] = [:]
    private(set) var unfinishedCount = 0
    private var nextOrder = 0
    /// How to take back the transactions that have not reached the disk.
    private var volatile: [[Undo]] = []
    private var current: [Undo] = []

    var volatileCount: Int { self.volatile.count }

    /// Takes the ledger, as a coordinator does that begins.
    ///
    /// - Parameter epoch: What a real ledger beside this one says; nil for none.
    mutating func open(as epoch: TaskEpoch? = nil) -> LedgerState {
        self.epoch = epoch ?? TaskEpoch(ledgerID: self.epoch.ledgerID, counter: self.epoch.counter + 1)
        // Opening writes, and that reaches the disk with everything before it.
        self.volatile = []
        return LedgerState(
            epoch: self.epoch,
            unfinished: self.entries.values.filter { !$0.record.status.state.isFinal }
                .sorted { $0.order < $1.order }.map(\.record),
            reports: self.reports.values.sorted { $0.order < $1.order }.map(\.item))
    }

    /// Writes one change of a transaction.
    mutating func write(_ change: LedgerChange) {
        switch change {
        case .accepted(let record):
            let id = record.task.id
            let before = self.entries[id]
            self.current.append(.task(id, before))
            self.set(id, Entry(record: record, order: before?.order ?? self.nextOrder))
            self.nextOrder += 1
        case .status(let id, let status):
            guard var entry = self.entries[id] else { return }
            self.current.append(.task(id, entry))
            entry.record.status = status
            self.set(id, entry)
        case .report(let item):
            self.current.append(.report(item.id, self.reports[item.id]))
            self.reports[item.id] = (item, self.nextOrder)
            self.nextOrder += 1
        case .reported(let id):
            self.current.append(.report(id, self.reports[id]))
            self.reports[id] = nil
        case .removed(let id):
            self.current.append(.task(id, self.entries[id]))
            self.set(id, nil)
        }
    }

    /// Ends a transaction; a durable one takes everything before it to the disk.
    mutating func commit(isDurable: Bool) {
        if isDurable { self.volatile = [] } else { self.volatile.append(self.current) }
        self.current = []
    }

    /// The machine fails, and so many of the newest transactions are gone.
    mutating func lose(_ count: Int) {
        for _ in 0..<count {
            for undo in (self.volatile.popLast() ?? []).reversed() {
                switch undo {
                case .task(let id, let entry): self.set(id, entry)
                case .report(let id, let report): self.reports[id] = report
                }
            }
        }
    }

    private mutating func set(_ id: String, _ entry: Entry?) {
        let before = self.entries[id].map { !$0.record.status.state.isFinal } ?? false
        let after = entry.map { !$0.record.status.state.isFinal } ?? false
        if before != after { self.unfinishedCount += after ? 1 : -1 }
        self.entries[id] = entry
    }
}
