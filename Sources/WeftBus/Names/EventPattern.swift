// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Which names a listener wants: one name, a namespace (`order:*`), or everything (`*`).
///
/// `*` matches neither `new_listener` nor `weft:…`, which must be asked for by name or by namespace; it does match
/// `error`.
public struct EventPattern: Hashable, Sendable {
    enum Base: Hashable {
        case any
        /// Everything that begins with this text, which ends in a colon.
        case namespace(String)
        case exact(EventName)
    }

    let base: Base

    /// Everything: `*`.
    public static let any = EventPattern("*")

    /// Makes a pattern of any string; see ``init(validating:)`` for input from outside.
    public init(_ text: String) {
        if text == "*" {
            self.base = .any
        } else if text.hasSuffix(":*") {
            self.base = .namespace(String(text.dropLast()))
        } else {
            self.base = .exact(EventName(text))
        }
    }

    /// Makes a pattern that can match something.
    ///
    /// - Throws: ``EventNameError`` that says what is wrong with the pattern.
    public init(validating text: String) throws(EventNameError) {
        self.init(text)
        switch EventName(text).kind {
        case .invalid:
            throw EventName(text).problem ?? EventNameError(.empty, "a pattern needs text")
        case .ordinary where text.contains("*"):
            throw EventNameError(
                .wildcard, "'\(text)': a '*' stands alone or ends a namespace, as in 'order:*'")
        default: break
        }
    }

    /// Makes the pattern that a name is: itself, or the wildcard that it looks like.
    public init(_ name: EventName) {
        if name.kind == .wildcard {
            self.init(name.rawValue)
        } else {
            self.init(exactly: name)
        }
    }

    private init(exactly name: EventName) {
        self.base = .exact(name)
    }

    /// Whether a listener with this pattern gets events of this name.
    public func matches(_ name: EventName) -> Bool {
        switch self.base {
        case .any: name.kind != .weft && name.kind != .newListener
        case .namespace(let prefix): name.rawValue.utf8.starts(with: prefix.utf8)
        case .exact(let exact): exact == name
        }
    }
}

extension EventPattern: ExpressibleByStringLiteral, CustomStringConvertible {
    /// Makes a pattern of a literal.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// The pattern as text.
    public var description: String {
        switch self.base {
        case .any: "*"
        case .namespace(let prefix): prefix + "*"
        case .exact(let name): name.rawValue
        }
    }
}
