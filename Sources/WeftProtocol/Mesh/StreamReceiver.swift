// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus

/// One origin's stream as this node receives it.
///
/// The stream begins at the head that the origin's first probe names. While this node is still joining, what comes
/// is held back until the history is there that goes before it. What comes beyond a hole waits until the hole has been
/// filled from a window, or given up: then, and only then, it is a gap.
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
    /// What waits for the history that goes before it.
    private(set) var held: [EventBatch] = []
    private(set) var heldBytes = 0
    /// What has come beyond a hole, in order.
    private(set) var ahead: Deque<EventBatch> = []
    private(set) var aheadBytes = 0
    /// How far the stream goes by what others say, once it will not come by itself.
    private var wanted: UInt64 = 0
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
        /// It waits for what is missing before it.
        case held
        /// There was no room for it to wait.
        case overflowed
    }

    /// The first run of events that is missing; nil when what comes next is the next one.
    var hole: ClosedRange<UInt64>? {
        guard self.phase == .live else { return nil }
        if let next = self.ahead.first { return self.received + 1...next.first - 1 }
        return self.wanted > self.received ? self.received + 1...self.wanted : nil
    }

    /// How far the stream is known to go, by what has come and by what others say.
    var horizon: UInt64 { max(self.wanted, self.ahead.last?.last ?? self.received) }

    /// A probe: the stream begins after its head, or, when it has begun, what lies before the head will not come by
    /// itself any more, because a connection keeps its order.
    mutating func probed(head: UInt64, holding: Bool) {
        self.head = max(self.head, head)
        guard self.phase == .waiting else { return self.want(through: head) }
        self.received = head
        self.confirmed = head
        self.phase = holding ? .holding : .live
    }

    /// The history before the stream ends with this sequence; nil when there is none.
    ///
    /// - Parameter room: How many bytes of what was held may go on waiting beyond a hole.
    mutating func begin(after cursor: UInt64?, room: Int) -> [Output] {
        guard self.phase == .holding else { return [] }
        self.phase = .live
        let held = self.held
        self.held = []
        self.heldBytes = 0
        if let cursor {
            // A member that did not get to the floor in time: what lies between has to be fetched.
            self.want(through: self.received)
            self.received = cursor
            self.confirmed = cursor
        }
        var outputs: [Output] = []
        for batch in held { outputs += self.receive(batch, room: room - self.aheadBytes) }
        return outputs
    }

    /// The history that this node has got reaches up to this cursor, and the stream was met only now.
    mutating func resume(after cursor: UInt64) {
        guard self.phase == .live, cursor != self.received else { return }
        self.want(through: self.received)
        self.received = cursor
        self.confirmed = cursor
    }

    /// Events came, from the origin itself or from a window.
    ///
    /// - Parameter room: How many bytes may wait beyond holes; what finds no room is fetched later.
    mutating func receive(_ batch: EventBatch, room: Int) -> [Output] {
        self.head = max(self.head, batch.last)
        switch self.phase {
        case .waiting: return [.early]
        case .holding:
            guard batch.byteCount <= room else {
                self.want(through: batch.last)
                return [.overflowed]
            }
            self.held.append(batch)
            self.heldBytes += batch.byteCount
            return []
        case .live:
            guard batch.last > self.received else { return [.duplicates(UInt64(batch.count))] }
            guard batch.first <= self.received + 1 else { return self.hold(batch, room: room) }
            var outputs: [Output] = []
            self.accept(batch, &outputs)
            self.acceptAhead(&outputs)
            return outputs
        }
    }

    /// A heartbeat's head.
    ///
    /// The tail of the stream will not come by itself when the head has been ahead of what comes for several
    /// heartbeats while nothing came.
    ///
    /// - Returns: Whether that is so now.
    mutating func heartbeat(head: UInt64, isReading: Bool) -> Bool {
        self.head = max(self.head, head)
        guard self.phase == .live, isReading, head > self.received else {
            self.staleBeats = 0
            return false
        }
        if self.staleBeats == 0 || self.staleReceived != self.received {
            self.staleBeats = 1
            self.staleHead = head
            self.staleReceived = self.received
            return false
        }
        self.staleBeats += 1
        guard self.staleBeats > MeshDefaults.staleHeartbeats else { return false }
        self.staleBeats = 0
        self.want(through: self.staleHead)
        return true
    }

    /// The stream goes at least this far, and will not come by itself.
    mutating func want(through sequence: UInt64) {
        self.wanted = max(self.wanted, sequence)
    }

    /// Nobody holds what is missing up to here: it is announced as a gap, and the stream goes on behind it.
    ///
    /// This is the one place where events are given up.
    mutating func giveUp(through last: UInt64) -> [Output] {
        guard self.phase == .live, last > self.received else { return [] }
        var outputs: [Output] = []
        // Within the run there may be events that came after all.
        while self.received < last {
            let end = min(last, self.ahead.first.map { $0.first - 1 } ?? last)
            self.missed += end - self.received
            outputs.append(.delivery(.gap(origin: self.origin, first: self.received + 1, last: end)))
            self.received = end
            self.acceptAhead(&outputs)
        }
        return outputs
    }

    private mutating func accept(_ batch: EventBatch, _ outputs: inout [Output]) {
        if batch.first <= self.received { outputs.append(.duplicates(self.received - batch.first + 1)) }
        outputs.append(.delivery(.events(batch, after: self.received)))
        self.received = batch.last
    }

    /// Delivers what waited behind a hole that is closed.
    private mutating func acceptAhead(_ outputs: inout [Output]) {
        while let next = self.ahead.first, next.first <= self.received + 1 {
            self.ahead.removeFirst()
            self.aheadBytes -= next.byteCount
            if next.last > self.received {
                self.accept(next, &outputs)
            } else {
                outputs.append(.duplicates(UInt64(next.count)))
            }
        }
    }

    private mutating func hold(_ batch: EventBatch, room: Int) -> [Output] {
        guard batch.byteCount <= room else {
            self.want(through: batch.last)
            return [.overflowed]
        }
        var index = self.ahead.count
        while index > 0, self.ahead[index - 1].first > batch.first { index -= 1 }
        if index > 0, self.ahead[index - 1].last >= batch.last { return [.duplicates(UInt64(batch.count))] }
        self.ahead.insert(batch, at: index)
        self.aheadBytes += batch.byteCount
        return [.held]
    }

    mutating func delivered(through sequence: UInt64) {
        self.confirmed = max(self.confirmed, min(sequence, self.received))
    }

    /// Somebody waits for a sequence to be confirmed.
    ///
    /// - Returns: Whether somebody else had to be forgotten for that.
    mutating func wait(for sequence: UInt64, on link: MeshLink) -> Bool {
        self.flushes.removeAll { $0.link == link && $0.sequence == sequence }
        let isFull = self.flushes.count >= MeshDefaults.flushWaiters
        if isFull { self.flushes.removeFirst() }
        self.flushes.append((sequence, link))
        return isFull
    }

    /// Those whose sequence has been confirmed.
    mutating func takeConfirmedFlushes() -> [(sequence: UInt64, link: MeshLink)] {
        guard self.phase == .live, !self.flushes.isEmpty else { return [] }
        let ready = self.flushes.filter { $0.sequence <= self.confirmed }
        self.flushes.removeAll { $0.sequence <= self.confirmed }
        return ready
    }
}
