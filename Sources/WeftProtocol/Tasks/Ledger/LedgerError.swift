// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why the ledger could not do what was asked.
public struct LedgerError: Error, Sendable {
    /// The kind of error.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String { case superseded, foreign, damaged, inUse, unavailable, invalidChange }
        private let base: Base

        /// Another coordinator has opened the ledger since; this one must end.
        public static let superseded = Self(base: .superseded)
        /// The file is not a ledger of Weft, or one of a later version.
        public static let foreign = Self(base: .foreign)
        /// The file is damaged.
        public static let damaged = Self(base: .damaged)
        /// Another coordinator has the ledger open.
        public static let inUse = Self(base: .inUse)
        /// The ledger cannot be reached or written now; trying again may help.
        public static let unavailable = Self(base: .unavailable)
        /// The change contradicts what the ledger holds, such as a status for a task it has not accepted.
        public static let invalidChange = Self(base: .invalidChange)

        /// The code's name.
        public var description: String { self.base.rawValue }
    }

    /// The kind of error.
    public var code: Code
    /// What happened, and what to do about it.
    public var message: String
    /// The error underneath; nil when there is none.
    public var cause: (any Error)?

    /// Creates an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The kind as a metric's label.
    public var label: String { self.code.description }
}

extension LedgerError: CustomStringConvertible {
    /// The message, and the error underneath.
    public var description: String {
        guard let cause = self.cause else { return self.message }
        return "\(self.message) (\(cause))"
    }
}
