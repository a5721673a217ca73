// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import ZeroMQ

/// How far the stream has gone out, and how long a peer that does not keep up is waited for.
struct Publishing {
    /// A batch that the socket has not taken yet.
    var pending: EventBatch?
    var patience: Patience
    /// Whether the socket holds this node back when it is full, instead of dropping for those that are behind.
    var holdsBack = true
    /// Whether it is held back until the slowest peer has got further.
    var isHeldForSlowest = false
    /// Whether another try is on its way.
    var isRetryScheduled = false
    var pace = OutboxPace()
    /// Whether the loop comes round when the events that gather are due.
    var isDrainScheduled = false
}

extension NodeCore {
    /// Sends what has piled up, as far as the socket takes it.
    ///
    /// - Parameter isLast: Whether nothing may go on gathering.
    func drain(isLast: Bool = false) {
        guard !self.isStopped, let publisher = self.publisher else { return }
        self.endImpatience()
        for _ in 0..<NodeDefaults.batchesPerTurn {
            guard let batch = self.publishing.pending ?? self.nextBatch(isLast) else { return }
            guard self.mayPublish(batch) else {
                self.publishing.pending = batch
                return self.retryDrain()
            }
            if self.loop.send(Array(batch.frame), on: publisher) == .wouldBlock {
                self.publishing.pending = batch
                guard self.leaveBehind() else { return self.retryDrain() }
                // The socket now drops for those that are full; the others get the batch.
                self.loop.send(Array(batch.frame), on: publisher)
            }
            self.publishing.pending = nil
            self.publishing.patience.sent(at: .now)
            self.mesh.published(batch)
            self.outbox.sent(batch)
        }
        // The other sockets have their turn first.
        self.signals.drain.raise()
    }

    /// The oldest batch that may leave.
    private func nextBatch(_ isLast: Bool) -> EventBatch? {
        let now = MonotonicTime.now
        switch self.outbox.take(includingOpen: isLast || self.publishing.pace.isDue(at: now)) {
        case .batch(let batch):
            self.publishing.pace.left(batch.count, at: now)
            return batch
        case .unripe:
            guard !self.publishing.isDrainScheduled, let due = self.publishing.pace.due else { return nil }
            self.publishing.isDrainScheduled = true
            self.loop.schedule(after: due - now) { [weak self] in
                self?.assumeIsolated {
                    $0.publishing.isDrainScheduled = false
                    $0.drain()
                }
            }
            return nil
        case .nothing: return nil
        }
    }

    /// Puts a probe into the stream; one that finds no room is sent again later.
    func publish(_ probe: Probe) {
        guard let publisher = self.publisher else { return }
        self.loop.send(probe.encoded(), on: publisher)
    }

    /// Whether the slowest peer is far enough, if it is waited for.
    private func mayPublish(_ batch: EventBatch) -> Bool {
        guard self.configuration.waitForSlowest else { return true }
        let (isFree, actions) = self.mesh.mayPublish(batch.byteCount, at: .now)
        self.perform(actions)
        if !isFree, !self.publishing.isHeldForSlowest { self.counters.heldForSlowest += 1 }
        self.publishing.isHeldForSlowest = !isFree
        return isFree
    }

    /// The socket is full.
    ///
    /// - Returns: Whether the wait is over and whoever is behind stays behind.
    private func leaveBehind() -> Bool {
        guard self.publishing.patience.isUsedUp(at: .now) else { return false }
        self.counters.leftBehind += 1
        self.holdBack(false)
        return true
    }

    private func endImpatience() {
        guard !self.publishing.holdsBack, self.publishing.patience.isRested(at: .now) else { return }
        self.holdBack(true)
    }

    private func holdBack(_ holdsBack: Bool) {
        guard let publisher = self.publisher else { return }
        self.publishing.holdsBack = holdsBack
        // Setting it cannot fail on an XPUB that is open.
        try? self.loop.withSocket(publisher) { socket throws(ZeroMQError) in
            try socket.set(.xpubNoDrop, to: holdsBack)
        }
    }

    private func retryDrain() {
        guard !self.publishing.isRetryScheduled else { return }
        self.publishing.isRetryScheduled = true
        self.loop.schedule(after: NodeDefaults.retryInterval) { [weak self] in
            self?.assumeIsolated {
                $0.publishing.isRetryScheduled = false
                $0.drain()
            }
        }
    }
}
