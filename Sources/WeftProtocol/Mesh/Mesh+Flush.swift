// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

extension Mesh {
    mutating func askFlushes(at now: MonotonicTime) {
        for index in self.flushes.indices {
            let sequence = self.flushes[index].sequence
            for id in self.flushes[index].tick(at: now, retry: MeshDefaults.retryInterval) {
                self.send(.flush(through: sequence), to: id)
            }
        }
    }

    mutating func confirmed(by id: NodeID, _ sequence: UInt64, _ missed: UInt64) {
        // What was on its way to the process that had this address before is about that one's stream.
        guard self.peers[id]?.hearsUs == true, sequence <= self.head else {
            self.counters.contradictions += 1
            return
        }
        for index in self.flushes.indices where self.flushes[index].sequence <= sequence {
            self.flushes[index].settle(id, .confirmed, missed: missed)
        }
        if sequence >= self.peers[id]?.confirmed?.sequence ?? 0 {
            self.peers[id]?.confirmed = (sequence, missed)
        }
    }

    mutating func settleFlushes(of id: NodeID, _ outcome: FlushReport.Outcome) {
        for index in self.flushes.indices { self.flushes[index].settle(id, outcome) }
    }

    mutating func reportFlushes() {
        guard !self.flushes.isEmpty else { return }
        for flush in self.flushes {
            if let report = flush.report { self.actions.append(.flushed(id: flush.id, report)) }
        }
        self.flushes.removeAll { $0.report != nil }
    }

    /// Tells an origin that its stream has been received as far as it asked.
    mutating func answerFlushes(of origin: NodeID) {
        guard var stream = self.streams[origin] else { return }
        let ready = stream.takeConfirmedFlushes()
        self.streams[origin] = stream
        for (sequence, link) in ready {
            self.actions.append(
                .send(.flushed(through: sequence, missed: stream.missed, by: self.local.id), on: link))
        }
    }
}
