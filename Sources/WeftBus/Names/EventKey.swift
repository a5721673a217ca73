// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A name together with the types of its positional arguments.
///
/// Give each event its key once, and emitting and listening are checked by the compiler:
///
/// ```swift
/// extension EventKey {
///     static var userLogin: EventKey<String, Date> { "user:login" }
/// }
///
/// bus.on(.userLogin) { user, at in print("\(user) logged in at \(at)") }
/// await bus.emit(.userLogin, "john_doe", .now)
/// ```
///
/// A string literal is a key too; its types come from the handler or the arguments.
public struct EventKey<each Argument: Codable & Sendable>: Hashable, Sendable {
    /// The name.
    public let name: EventName

    /// Creates a key.
    public init(_ name: EventName) {
        self.name = name
    }
}

extension EventKey: ExpressibleByStringLiteral {
    /// Creates a key of a literal.
    public init(stringLiteral value: String) {
        self.init(EventName(value))
    }
}

extension EventKey {
    /// A handler failed (`error`).
    ///
    /// Local; without a listener of its own it is logged and counted.
    public static var handlerFailed: EventKey<HandlerFailure> { "error" }
    /// A handler is about to be registered for this name or pattern (`new_listener`); local.
    public static var newListener: EventKey<String> { "new_listener" }
    /// An event's arguments do not fit a listener (`weft:undecodable`): the event's name, what the listener expected, and
    /// what was found; local.
    public static var undecodable: EventKey<String, String, String> { "weft:undecodable" }
}
