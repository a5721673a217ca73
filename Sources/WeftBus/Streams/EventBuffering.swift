// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a stream of events does when its reader is slower than the events.
public struct EventBuffering: Hashable, Sendable {
    enum Base: Hashable { case newest(Int), oldest(Int), holdingBack }
    let base: Base

    /// Keeps this many of the newest events and drops older ones: for dashboards.
    public static func newest(_ count: Int) -> EventBuffering { EventBuffering(base: .newest(max(1, count))) }
    /// Keeps this many of the oldest events and drops newer ones.
    public static func oldest(_ count: Int) -> EventBuffering { EventBuffering(base: .oldest(max(1, count))) }
    /// Drops nothing and holds back who emits instead.
    ///
    /// `emit` waits for the reader, and so does the delivery of other
    /// nodes' events, so this node falls behind. `emitSync` fills the listener's mailbox and then fails for this stream.
    ///
    /// A task that emits what it reads itself must not use this: it would wait for itself.
    public static let holdingBack = EventBuffering(base: .holdingBack)
    /// The newest 65,536 events, or as many of them as fit into 16 MiB.
    public static let `default` = EventBuffering.newest(EventBus.Defaults.mailboxEvents)
}
