// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// The bounds of a bus, each with its reason.
    ///
    /// What happens when one is hit is counted in ``Counters``.
    public enum Defaults {
        /// How many events the history holds: what the event systems in this field hold, and what a late joiner is sent.
        public static let historyEvents = 100
        /// How many bytes the history holds: a hundred events of 80 KiB; larger ones push out more than one.
        public static let historyBytes = 8 << 20
        /// How many events wait for an asynchronous listener: a tenth of a second of a busy mesh.
        public static let mailboxEvents = 65_536
        /// How many bytes wait for an asynchronous listener: as much as a node's own outbox.
        public static let mailboxBytes = 16 << 20
        /// How large an event may be to be mirrored, name and arguments: larger ones would delay all others on a link.
        public static let mirroredEventBytes = 1 << 20
        /// How many of Weft's own `weft:*` events wait to be delivered: many times what a whole cluster's failure makes.
        public static let announcements = 4096
        /// For how many names the bus remembers who listens, a power of two: names come from outside, so they may not add
        /// up for ever.
        static let resolvedNames = 1024
        /// How many waiting events may share the bytes of the batches they came in: beyond these each is copied out, so
        /// that a few events of interest in a slow listener's mailbox do not keep everything alive that came with them.
        static let sharedBacklog = 64
        /// Up to how many bytes of arguments are copied where that saves an object of their own: more costs more to copy
        /// than to allocate.
        @usableFromInline static let copiedBytes = 4096
        /// How many events of another node's batch are taken in one step: enough that the step costs nothing beside them,
        /// few enough that what they need on the way stays in the processor's cache.
        static let eventsPerStep = 1024
        /// How many events a stream with back-pressure holds beside its listener's mailbox.
        static let streamAhead = 256
    }
}
