// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What an event is called: `order:created`.
///
/// Names are opaque; colons are a custom that ``EventPattern`` builds on. A name has 1 to 200 bytes of UTF-8 and no
/// control characters, and does not end like a pattern. Any string can be made a name and listened to; what may not be
/// emitted is refused by `emit`, with the reason in its report.
public struct EventName: Sendable {
    /// The name as text.
    public let rawValue: String
    /// What the bus has to know about the name, found out once.
    let kind: Kind
    /// A hash of the text with the process's own seed, found out once.
    let hash: UInt32

    enum Kind: UInt8 {
        case ordinary
        /// `error`: local, and not to be left unhandled.
        case error
        /// `new_listener`: local.
        case newListener
        /// `weft:…`: only Weft emits these.
        case weft
        /// `*` or `…:*`.
        case wildcard
        case invalid
    }

    /// How many bytes a name has at most: no ZeroMQ filter made of it comes near the 246 bytes that trip libzmq 4.3.4.
    public static let maximumLength = 200

    /// Makes a name of any string; see ``init(validating:)`` for input from outside.
    public init(_ rawValue: String) {
        self.rawValue = rawValue
        (self.kind, self.hash) = Self.classify(rawValue)
    }

    /// Makes a name that may be emitted.
    ///
    /// - Throws: ``EventNameError`` that says what is wrong with the name.
    public init(validating rawValue: String) throws(EventNameError) {
        self.init(rawValue)
        if let problem = self.problem { throw problem }
    }

    /// Whether users may emit it.
    var mayBeEmitted: Bool { self.kind.rawValue <= Kind.newListener.rawValue }

    /// Why this name may not be emitted; nil if it may.
    public var problem: EventNameError? {
        switch self.kind {
        case .ordinary, .error, .newListener: nil
        case .weft: EventNameError(.reserved, "names that begin with 'weft:' are emitted by Weft only")
        case .wildcard:
            EventNameError(.wildcard, "'\(self.rawValue)' is a pattern and can be listened to, but not emitted")
        case .invalid where self.rawValue.isEmpty: EventNameError(.empty, "an event needs a name")
        case .invalid where self.rawValue.utf8.count > Self.maximumLength:
            EventNameError(
                .tooLong, "the name has \(self.rawValue.utf8.count) bytes, at most \(Self.maximumLength) are allowed")
        case .invalid: EventNameError(.controlCharacter, "the name contains a control character")
        }
    }

    /// `error`: a handler failed, or a user says so.
    public static let error = EventName("error")
    /// `new_listener`: a handler is about to be registered.
    public static let newListener = EventName("new_listener")
    /// `weft:undecodable`: an event's arguments do not fit a listener; name, expected, found.
    public static let undecodable = EventName("weft:undecodable")

    /// Whether events of this name go to the peers.
    public var isMirrored: Bool { self.kind == .ordinary }

    private static let seed = UInt64.random(in: .min ... .max)

    /// What a text is as a name, and its hash (FNV-1a, from a seed that nobody outside knows).
    private static func classify(_ text: String) -> (Kind, UInt32) {
        var text = text
        var hash = Self.seed
        var previous: UInt8 = 0
        var isPlain = true
        let count = text.withUTF8 { utf8 in
            for byte in utf8 {
                // C0, DEL, and C1, which UTF-8 writes as C2 80 … C2 9F.
                if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { isPlain = false }
                previous = byte
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            }
            return utf8.count
        }
        return (
            self.classify(text, count, previous, isPlain), UInt32(truncatingIfNeeded: hash ^ (hash >> 32))
        )
    }

    private static func classify(_ text: String, _ count: Int, _ last: UInt8, _ isPlain: Bool) -> Kind {
        guard isPlain, count > 0, count <= Self.maximumLength else { return .invalid }
        if last == UInt8(ascii: "*"), text == "*" || text.hasSuffix(":*") { return .wildcard }
        if count == 5, text == "error" { return .error }
        if count == 12, text == "new_listener" { return .newListener }
        return text.utf8.starts(with: "weft:".utf8) ? .weft : .ordinary
    }
}

extension EventName: Hashable {
    /// Compares the text.
    public static func == (left: EventName, right: EventName) -> Bool {
        left.hash == right.hash && left.rawValue == right.rawValue
    }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.hash)
    }
}

extension EventName: ExpressibleByStringLiteral, CustomStringConvertible {
    /// Makes a name of a literal.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// The name as text.
    public var description: String { self.rawValue }
}

extension EventName: Codable {
    /// Reads a string.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.rawValue)
    }
}
