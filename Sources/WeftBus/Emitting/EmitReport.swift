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

    /// What few emits have to tell, apart, so that a report is small.
    private final class Rare: Sendable {
        let failures: [HandlerFailure]
        let obstacle: Mirroring?
        let refusal: EventNameError?

        init(failures: [HandlerFailure] = [], obstacle: Mirroring? = nil, refusal: EventNameError? = nil) {
            self.failures = failures
            self.obstacle = obstacle
            self.refusal = refusal
        }
    }

    /// How many listeners there were for the event, `*` and namespaces included.
    public internal(set) var listeners = 0
    /// How many handlers ran to their end without failing.
    public internal(set) var delivered = 0
    /// How many asynchronous handlers `emitSync` has handed the event to; they run later.
    public internal(set) var scheduled = 0
    /// The event's number in this node's stream; nil if it was not mirrored.
    public internal(set) var sequence: UInt64?
    private var isForOthers = false
    private var rare: Rare?

    @usableFromInline
    init() {}

    /// The event has, or has no, place in this node's stream.
    mutating func took(_ sequence: UInt64?, isLocalOnly: Bool) {
        self.sequence = sequence
        self.isForOthers = !isLocalOnly
    }

    /// Some listeners have been called.
    @usableFromInline
    mutating func count(called: Int, delivered: Int) {
        self.listeners += called
        self.delivered += delivered
    }

    /// An emit that came to nothing.
    init(refusal: EventNameError) {
        self.rare = Rare(refusal: refusal)
    }

    /// Whether anyone here listened.
    public var hadListeners: Bool { self.listeners > 0 }

    /// The handlers that failed.
    public var failures: [HandlerFailure] { self.rare?.failures ?? [] }

    /// Why nothing was emitted at all; nil when it was.
    public var refusal: EventNameError? { self.rare?.refusal }

    /// Whether the event went to the other nodes.
    public internal(set) var mirroring: Mirroring {
        get {
            if let sequence = self.sequence { return .mirrored(sequence: sequence) }
            return self.rare?.obstacle ?? (self.isForOthers ? .notAttached : .local)
        }
        set {
            self.isForOthers = newValue != .local
            switch newValue {
            case .mirrored(let sequence): self.sequence = sequence
            case .notAttached, .local: break
            case .tooLarge, .unencodable: self.rare = Rare(failures: self.failures, obstacle: newValue)
            }
        }
    }

    mutating func add(_ failure: HandlerFailure) {
        self.rare = Rare(failures: self.failures + [failure], obstacle: self.rare?.obstacle)
    }
}
