// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A handler that failed, or that could not be given its event.
public struct HandlerFailure: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable, Codable {
        private enum Base: String, Codable { case handlerFailed, undecodable, mailboxFull }
        private let base: Base
        /// The handler threw.
        public static let handlerFailed = Code(base: .handlerFailed)
        /// The event's arguments do not fit the handler's, so it was not called.
        public static let undecodable = Code(base: .undecodable)
        /// Too many events are waiting for the handler, so it was not called.
        public static let mailboxFull = Code(base: .mailboxFull)

        /// The code as a word.
        public var label: String { self.base.rawValue }

        /// Reads the word.
        public init(from decoder: any Decoder) throws {
            self.base = try decoder.singleValueContainer().decode(Base.self)
        }

        /// Writes the word.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(self.base)
        }

        private init(base: Base) {
            self.base = base
        }
    }

    /// What went wrong.
    public var code: Code
    /// The event that the handler was for.
    public var event: EventName
    /// What went wrong, in words.
    public var message: String
    /// What the handler threw; it does not travel when the failure is encoded.
    public var cause: (any Error)?

    /// Creates a failure.
    public init(_ code: Code, event: EventName, message: String, cause: (any Error)? = nil) {
        self.code = code
        self.event = event
        self.message = message
        self.cause = cause
    }

    /// A word for metrics; never contains values.
    public var label: String { self.code.label }

    /// Event and message.
    public var description: String { "a handler of '\(self.event)' failed: \(self.message)" }
}

extension HandlerFailure: Codable {
    private enum CodingKeys: CodingKey { case code, event, message }

    /// Reads everything but the cause.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(Code.self, forKey: .code),
            event: try container.decode(EventName.self, forKey: .event),
            message: try container.decode(String.self, forKey: .message))
    }

    /// Writes everything but the cause.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.code, forKey: .code)
        try container.encode(self.event, forKey: .event)
        try container.encode(self.message, forKey: .message)
    }
}
