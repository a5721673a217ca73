// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A promise of the mesh broken on purpose, by what stands between the machines and their world: each must be caught.
package enum ClusterMutant: String, CaseIterable, Sendable {
    /// Nobody's fetches arrive.
    case repairOff
    /// Only the origin of a stream is asked for what is missing.
    case repairFromOriginOnly
    /// What came before is handed to the bus again.
    case deduplicationOff
    /// Cursors name what has come, also beyond a hole.
    case cursorAdvancedOverHole
    /// The history that a late joiner gets ends one event before its cursor says.
    case snapshotOffByOne
    /// The cursors that a late joiner gets are one event ahead of what their teller has.
    case snapshotCursorTooHigh
    /// A flush is confirmed when it is asked for.
    case flushConfirmedEarly
    /// What will not come is not announced.
    case gapNotAnnounced
    /// What will not come is announced twice.
    case gapAnnouncedTwice
    /// Who no longer holds what is asked for does not say so.
    case windowEvictedWithoutTelling
    /// Survivors stop at the lowest cursor of a dead origin's stream, not at the highest.
    case lowestCursorTaken
    /// A publisher takes a subscription for proof that its events arrive.
    case joinWithoutProof
    /// A node that leaves does not say how far its stream goes.
    case goodbyeWithoutHead
    /// Windows grow without bound.
    case windowsUnbounded
    /// Whatever is asked for is sent at once, however much it is.
    case repairUnpaced
    /// What came from another node is emitted here.
    case mirroredAgain
    /// A node that waits for its slowest peer does not.
    case slowestNotWaitedFor
    /// A node goes on reading while its bus does not keep up.
    case readingNeverPaused
}
