// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// What became of one emit.
public struct EmitReport: Sendable {
    /// Whether the event went to the other nodes, and if not, why.
    public enum Mirroring: Hashable, Sendable {
        /// It did, with this number in this node's stream.
        case mirrored(sequence: UInt64)
        /// This bus belongs to no node, or its node has not started.
        case notAttached
        /// It was emitted for this process only, or its name is one that stays.
        case local
        /// It is larger than events may be to be mirrored.
        case tooLarge(bytes: Int)
        /// An argument's own encoding failed.
        case unencodable(MessagePackError)
    }

    /// How many listeners there were for the event, `*` and namespaces included.
    public internal(set) var listeners = 0
    /// How many handlers ran to their end without failing.
    public internal(set) var delivered = 0
    /// How many asynchronous handlers `emitSync` has handed the event to; they run later.
    public internal(set) var scheduled = 0
    /// The handlers that failed.
    public internal(set) var failures: [HandlerFailure] = []
    /// Whether the event went to the other nodes.
    public internal(set) var mirroring = Mirroring.local
    /// Why nothing was emitted at all; nil when it was.
    public internal(set) var refusal: EventNameError?

    /// Whether anyone here listened.
    public var hadListeners: Bool { self.listeners > 0 }

    /// The event's number in this node's stream; nil if it was not mirrored.
    public var sequence: UInt64? {
        if case .mirrored(let sequence) = self.mirroring { sequence } else { nil }
    }
}
