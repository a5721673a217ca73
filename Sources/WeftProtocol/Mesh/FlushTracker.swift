// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// One flush on its way: who still has to answer.
struct FlushTracker {
    let id: UInt64
    let sequence: UInt64
    let deadline: MonotonicTime
    private(set) var nextAsk: MonotonicTime
    private(set) var pending: [NodeID: String]
    private var entries: [FlushReport.Entry] = []

    init(id: UInt64, sequence: UInt64, peers: [NodeID: String], deadline: MonotonicTime, nextAsk: MonotonicTime) {
        self.id = id
        self.sequence = sequence
        self.pending = peers
        self.deadline = deadline
        self.nextAsk = nextAsk
    }

    /// The report when nobody is left to answer.
    var report: FlushReport? {
        self.pending.isEmpty ? FlushReport(entries: self.entries.sorted { ($0.name, $0.id) < ($1.name, $1.id) }) : nil
    }

    mutating func settle(_ id: NodeID, _ outcome: FlushReport.Outcome, missed: UInt64 = 0) {
        guard let name = self.pending.removeValue(forKey: id) else { return }
        self.add(id, named: name, outcome, missed: missed)
    }

    mutating func add(_ id: NodeID, named name: String, _ outcome: FlushReport.Outcome, missed: UInt64) {
        self.entries.append(FlushReport.Entry(id: id, name: name, outcome: outcome, missed: missed))
    }

    /// Gives up on those that have not answered when the time is over; says whom to ask again.
    mutating func tick(at now: MonotonicTime, retry: Duration) -> [NodeID] {
        if now >= self.deadline {
            for id in self.pending.keys { self.settle(id, .unconfirmed) }
            return []
        }
        guard now >= self.nextAsk else { return [] }
        self.nextAsk = now + retry
        return self.pending.keys.sorted()
    }
}
