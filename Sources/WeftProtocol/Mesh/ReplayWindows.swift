// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import WeftBus

/// What this node can send again: the newest part of its own stream, and of those that it received.
///
/// Each of the two is bounded in bytes. When the others' are full, the largest gives way, so that one that emits much
/// does not take from the rest what they need.
struct ReplayWindows {
    private let local: NodeID
    private let ownLimit: Int
    private let othersLimit: Int
    private var windows: [NodeID: ReplayWindow] = [:]
    private var othersBytes = 0

    init(local: NodeID, ownLimit: Int, othersLimit: Int) {
        self.local = local
        self.ownLimit = ownLimit
        self.othersLimit = othersLimit
    }

    /// The bytes that the own stream takes.
    var ownBytes: Int { self.windows[self.local]?.bytes ?? 0 }
    /// What the own window would take with one more batch, and the end of what would go if that is too much.
    func ownFilling(with byteCount: Int) -> (bytes: Int, end: UInt64?) {
        let window = self.windows[self.local]
        let bytes = (window?.bytes ?? 0) + byteCount + ReplayWindow.overhead
        var (surplus, end) = (bytes - self.ownLimit, nil as UInt64?)
        guard surplus > 0, let window else { return (bytes, nil) }
        for batch in window.batches where surplus > 0 {
            surplus -= batch.byteCount + ReplayWindow.overhead
            end = batch.last
        }
        return (bytes, end)
    }
    /// The first event of the own stream that is held; nil when none is.
    var ownFirst: UInt64? { self.windows[self.local]?.batches.first?.first }
    /// The bytes that the others' streams take together.
    var receivedBytes: Int { self.othersBytes }

    /// Keeps a batch.
    ///
    /// - Returns: How many others had to go for it.
    mutating func insert(_ batch: EventBatch) -> UInt64 {
        var dropped: UInt64 = 0
        let before = self.windows[batch.origin]?.bytes ?? 0
        self.windows[batch.origin, default: ReplayWindow()].insert(batch)
        if batch.origin == self.local {
            while self.ownBytes > self.ownLimit {
                self.windows[self.local]?.removeOldest()
                dropped += 1
            }
        } else {
            self.othersBytes += (self.windows[batch.origin]?.bytes ?? 0) - before
            while self.othersBytes > self.othersLimit {
                self.shrinkLargest()
                dropped += 1
            }
        }
        return dropped
    }

    func read(
        _ origin: NodeID, _ range: ClosedRange<UInt64>, limit: Int
    ) -> (from: UInt64, batches: [EventBatch]) {
        self.windows[origin]?.read(range, limit: limit) ?? (0, [])
    }

    mutating func forget(_ origin: NodeID) {
        self.othersBytes -= self.windows.removeValue(forKey: origin)?.bytes ?? 0
    }

    private mutating func shrinkLargest() {
        var largest: (origin: NodeID, bytes: Int)?
        for (origin, window) in self.windows where origin != self.local {
            if let found = largest, (found.bytes, found.origin) > (window.bytes, origin) { continue }
            largest = (origin, window.bytes)
        }
        guard let (origin, before) = largest else { return }
        self.windows[origin]?.removeOldest()
        let after = self.windows[origin]?.bytes ?? 0
        self.othersBytes -= before - after
        if after == 0 { self.windows[origin] = nil }
    }
}
