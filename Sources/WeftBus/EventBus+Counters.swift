// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// How often what has happened on a bus since it was created.
    public struct Counters: Hashable, Sendable {
        /// Events emitted here, refused ones not included.
        public var emitted: UInt64 = 0
        /// Events that went to the mirror.
        public var mirrored: UInt64 = 0
        /// Events that came from other nodes.
        public var received: UInt64 = 0
        /// Emits refused for their name.
        public var refusedNames: UInt64 = 0
        /// Events from other nodes dropped because their names are not mirrored or not allowed.
        public var refusedRemote: UInt64 = 0
        /// Events not mirrored because they are too large.
        public var tooLargeToMirror: UInt64 = 0
        /// Events not mirrored and not in the history because an argument's own encoding failed.
        public var unencodable: UInt64 = 0
        /// Handlers that failed.
        public var handlerFailures: UInt64 = 0
        /// Events whose arguments did not fit a listener.
        public var undecodable: UInt64 = 0
        /// `error` events without a listener of their own.
        public var unhandledErrors: UInt64 = 0
        /// Failures of `error` handlers, and of what they called; logged, and not emitted again.
        public var failedErrorHandlers: UInt64 = 0
        /// How often a delivery was held back by a full mailbox.
        public var mailboxWaits: UInt64 = 0
        /// Events that a full mailbox could not take from `emitSync`, which does not wait.
        public var mailboxDrops: UInt64 = 0
        /// Events that left a stream's buffer unread.
        public var streamDrops: UInt64 = 0
        /// Weft's own events dropped because too many were waiting.
        public var announcementDrops: UInt64 = 0
        /// Events that left the history, or never fitted, because of its bound in bytes.
        public var historyByteDrops: UInt64 = 0
    }
}
