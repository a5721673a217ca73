// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// One origin's stream as this node receives it.
///
/// The stream begins at the head that the origin's first probe names. While this node is still joining, what comes
/// is held back until the history is there that goes before it.
struct StreamReceiver {
    enum Phase: Hashable {
        /// No probe has come: nothing of the stream is promised yet.
        case waiting
        /// The stream has begun, and waits for the history before it.
        case holding
        /// What comes is delivered.
        case live
    }

    let origin: NodeID
    private(set) var phase = Phase.waiting
    /// Everything up to here has come, or has been announced as missed.
    private(set) var received: UInt64 = 0
    /// Everything up to here has been handed to the mailboxes.
    private(set) var confirmed: UInt64 = 0
    /// The origin's last word about how far its stream goes.
    private(set) var head: UInt64 = 0
    /// Events that were announced as missed.
    private(set) var missed: UInt64 = 0
    private(set) var held: [EventBatch] = []
    /// Who waits for a sequence to be confirmed.
    private var flushes: [(sequence: UInt64, link: MeshLink)] = []
    private var staleHead: UInt64 = 0
    private var staleReceived: UInt64 = 0
    private var staleBeats = 0

    init(origin: NodeID) {
        self.origin = origin
    }

    /// What came of something that came in.
    enum Output: Hashable {
        case delivery(MeshDelivery)
        case duplicates(UInt64)
        case early
    }

    /// A probe: the stream begins after its head, or, when it has begun, what lies before the head and has not come
    /// never will, because the stream keeps its order.
    mutating func probed(head: UInt64, holding: Bool) -> [Output] {
        self.head = max(self.head, head)
        guard self.phase == .waiting else { return self.skip(through: head) }
        self.received = head
        self.confirmed = head
        self.phase = holding ? .holding : .live
        return []
    }

    /// The history before the stream ends with this sequence; nil when there is none.
    mutating func begin(after cursor: UInt64?) -> [Output] {
        guard self.phase == .holding else { return [] }
        self.phase = .live
        let held = self.held
        self.held = []
        var outputs: [Output] = []
        if let cursor {
            let floor = self.received
            self.received = cursor
            // A member that did not get to the floor in time: what lies between is not held by anyone here.
            if cursor < floor { outputs += self.skip(through: floor) }
            self.confirmed = max(self.confirmed, min(cursor, self.received))
        }
        for batch in held { outputs += self.receive(batch) }
        return outputs
    }

    /// The history that this node has got reaches up to this cursor, and the stream was met only now.
    mutating func resume(after cursor: UInt64) -> [Output] {
        guard self.phase == .live, cursor != self.received else { return [] }
        let floor = self.received
        self.received = cursor
        self.confirmed = cursor
        return cursor < floor ? self.skip(through: floor) : []
    }

    mutating func receive(_ batch: EventBatch) -> [Output] {
        self.head = max(self.head, batch.last)
        switch self.phase {
        case .waiting: return [.early]
        case .holding:
            self.held.append(batch)
            return []
        case .live:
            guard batch.last > self.received else { return [.duplicates(UInt64(batch.count))] }
            var outputs = batch.first > self.received + 1 ? self.skip(through: batch.first - 1) : []
            if batch.first <= self.received { outputs.append(.duplicates(self.received - batch.first + 1)) }
            outputs.append(.delivery(.events(batch, after: self.received)))
            self.received = batch.last
            return outputs
        }
    }

    /// A heartbeat's head.
    ///
    /// The tail of the stream is missed when the head has been ahead of what comes for several
    /// heartbeats while nothing came.
    mutating func heartbeat(head: UInt64, isReading: Bool) -> [Output] {
        self.head = max(self.head, head)
        guard self.phase == .live, isReading, head > self.received else {
            self.staleBeats = 0
            return []
        }
        if self.staleBeats == 0 || self.staleReceived != self.received {
            self.staleBeats = 1
            self.staleHead = head
            self.staleReceived = self.received
            return []
        }
        self.staleBeats += 1
        guard self.staleBeats > MeshDefaults.staleHeartbeats else { return [] }
        self.staleBeats = 0
        return self.skip(through: self.staleHead)
    }

    /// The stream ends here: what has not come by now will not.
    mutating func end(at head: UInt64) -> [Output] {
        self.phase == .live ? self.skip(through: head) : []
    }

    /// Goes on after a hole.
    ///
    /// This is the one place where a missing run is given up; repair from windows goes before it.
    private mutating func skip(through last: UInt64) -> [Output] {
        guard self.phase == .live, last > self.received else { return [] }
        let first = self.received + 1
        self.missed += last - self.received
        self.received = last
        return [.delivery(.gap(origin: self.origin, first: first, last: last))]
    }

    mutating func delivered(through sequence: UInt64) {
        self.confirmed = max(self.confirmed, min(sequence, self.received))
    }

    mutating func wait(for sequence: UInt64, on link: MeshLink) {
        self.flushes.removeAll { $0.link == link && $0.sequence == sequence }
        if self.flushes.count >= MeshDefaults.flushWaiters { self.flushes.removeFirst() }
        self.flushes.append((sequence, link))
    }

    /// Those whose sequence has been confirmed.
    mutating func takeConfirmedFlushes() -> [(sequence: UInt64, link: MeshLink)] {
        guard self.phase == .live, !self.flushes.isEmpty else { return [] }
        let ready = self.flushes.filter { $0.sequence <= self.confirmed }
        self.flushes.removeAll { $0.sequence <= self.confirmed }
        return ready
    }
}
