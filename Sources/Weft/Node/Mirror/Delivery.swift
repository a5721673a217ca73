// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import WeftBus
import WeftProtocol
import WeftValue

/// Hands what the mesh delivers to the bus, one after the other, away from the socket loop.
struct Delivery: Sendable {
    let bus: EventBus
    let queue: DeliveryQueue
    let progress: DeliveryProgress
    let logger: Logger
    /// Tells the loop that there is progress.
    let onProgress: @Sendable () -> Void
    /// Counts a batch that cannot be read.
    let onBadBatch: @Sendable (WireError) -> Void

    /// Runs until the queue is finished, on no socket loop: neither batches are taken apart nor handlers run there.
    @concurrent
    func run() async {
        while let delivery = await self.queue.next() {
            switch delivery {
            case .events(let batch, let after): await self.deliver(batch, after)
            case .history(let records): self.bus.seedHistory(records)
            case .gap(let origin, let first, let last):
                await self.announceGap(origin, first, last)
                self.done(origin, last)
            case .joined(let record):
                self.logger.info("peer joined", metadata: record.metadata)
                await self.bus.announce(.peerJoined, [.object(record.summary)], inStreamOf: record.id)
            case .left(let record, let reason):
                self.logger.info("peer left", metadata: record.metadata)
                let summary = record.summary.merging(["reason": .string(reason.rawValue)]) { $1 }
                await self.bus.announce(.peerLeft, [.object(summary)], inStreamOf: record.id)
            }
        }
    }

    private func deliver(_ batch: EventBatch, _ after: UInt64) async {
        let (last, error) = await self.bus.deliver(batch.packed, after: after)
        if let error {
            // What follows what cannot be read is lost with it, and nobody may think otherwise.
            self.onBadBatch(WireError(error, after: last))
            let read = max(after, last)
            if read < batch.last { await self.announceGap(batch.origin, read + 1, batch.last) }
        }
        self.done(batch.origin, batch.last)
    }

    private func announceGap(_ origin: NodeID, _ first: UInt64, _ last: UInt64) async {
        self.logger.info(
            "events missed",
            metadata: ["weft.origin": "\(origin)", "weft.gap.first": "\(first)", "weft.gap.last": "\(last)"])
        await self.bus.announce(
            .gap, [.string(origin.description), Value(first), Value(last)], inStreamOf: origin)
    }

    private func done(_ origin: NodeID, _ sequence: UInt64) {
        self.progress.record(origin, through: sequence)
        self.onProgress()
    }
}

extension MemberRecord {
    var summary: [String: Value] {
        [
            "id": .string(self.id.description), "name": .string(self.name),
            "roles": .array(self.roles.sorted().map { .string($0.name) }),
        ]
    }

    var metadata: Logger.Metadata {
        ["weft.peer.id": "\(self.id)", "weft.peer.name": "\(self.name)", "weft.peer.control": "\(self.control)"]
    }
}
