// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a file of the trust directory, or a key file, cannot be used.
public struct TrustError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public struct Code: Hashable, Sendable {
        private enum Base: String { case unreadable, malformed, permissions, exists, duplicate }
        private let base: Base
        /// It is not there, or cannot be read or written.
        public static let unreadable = Code(base: .unreadable)
        /// It does not say what it should.
        public static let malformed = Code(base: .malformed)
        /// Others can read what only its owner should, or write what only its owner may.
        public static let permissions = Code(base: .permissions)
        /// It is there already, and is not overwritten.
        public static let exists = Code(base: .exists)
        /// Two nodes have the same key.
        public static let duplicate = Code(base: .duplicate)
        /// The code as a word.
        public var label: String { self.base.rawValue }
    }

    /// What is wrong.
    public var code: Code
    /// What is wrong, in words, and what to do.
    public var message: String
    /// A word for metrics; never contains values.
    public var label: String { self.code.label }
    /// The message.
    public var description: String { self.message }

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
