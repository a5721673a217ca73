// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// What happened in a schedule of a whole cluster.
package struct ClusterReport: Hashable, Sendable {
    /// Steps processed.
    package var steps = 0
    /// A number that differs when anything about the run does.
    package var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    /// How long the run lasted in its own time, in milliseconds.
    package var duration: UInt64 = 0
    /// Faults of all kinds.
    package var faults = 0
    /// Events emitted.
    package var emitted = 0
    /// Events handed to buses other than their origin's.
    package var delivered = 0
    /// Events that came from another window than their origin's.
    package var repairedByOthers = 0
    /// Events that came from their origin's window.
    package var repairedByOrigin = 0
    /// Gaps announced.
    package var gaps = 0
    /// Events of a process that was gone, which a survivor got from another.
    package var deadTails = 0
    /// Late joiners that got a history.
    package var snapshots = 0
    /// Members declared dead that came back.
    package var deaths = 0
    /// Flushes that ended.
    package var flushes = 0
    /// Nodes that stopped reading because their bus did not keep up.
    package var readingPaused = 0
    /// Frames dropped for a subscriber whose queue was full.
    package var leftBehind = 0
    /// Batches that waited for their origin's slowest peer.
    package var heldForSlowest = 0
    /// Events handed to real buses.
    package var handedToBuses = 0
    /// Messages that went through the wire codec.
    package var coded = 0
    /// Attempts that workers reclaimed.
    package var reclaims = 0
    /// Coordinators that began after the first.
    package var epochChanges = 0
    /// Whether dispatch ran, too.
    package var hasDispatch = false

    mutating func mix(_ value: UInt64) {
        self.digest = (self.digest ^ value) &* 0x0000_0100_0000_01B3
        self.digest ^= self.digest >> 29
    }
}

extension ClusterReport: SimulationOutcome {
    package static let kinds: [(name: String, count: @Sendable (Self) -> Int)] = [
        ("a repair from another than the origin", { $0.repairedByOthers }),
        ("a repair from the origin", { $0.repairedByOrigin }), ("a gap", { $0.gaps }),
        ("a dead origin's tail", { $0.deadTails }), ("a late joiner's history", { $0.snapshots }),
        ("a member declared dead", { $0.deaths }), ("a node that stopped reading", { $0.readingPaused }),
        ("a subscriber left behind", { $0.leftBehind }),
        ("an origin that waited for its slowest peer", { $0.heldForSlowest }),
        ("events through the real bus", { $0.handedToBuses }),
        ("a message through the codec", { $0.coded }), ("a reclaim", { $0.reclaims }),
        ("an epoch change", { $0.epochChanges }),
    ]
    package var events: Int { self.steps }
    package var work: Int { self.emitted }
}
