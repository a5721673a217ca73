// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why bytes are not the MessagePack that was expected, or why a value could not be written.
public struct MessagePackError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public struct Code: Hashable, Sendable {
        private enum Base: String {
            case truncated, trailingBytes, tooDeep, typeMismatch, invalidText, unsupported, outOfRange, missing,
                rejected, tooMany
        }
        private let base: Base
        /// The bytes end in the middle of a value, or a declared length is more than what is there.
        public static let truncated = Code(base: .truncated)
        /// Something follows the value.
        public static let trailingBytes = Code(base: .trailingBytes)
        /// Nested deeper than the limit.
        public static let tooDeep = Code(base: .tooDeep)
        /// Another kind of value than the one asked for.
        public static let typeMismatch = Code(base: .typeMismatch)
        /// A string is not UTF-8.
        public static let invalidText = Code(base: .invalidText)
        /// Well-formed, but nothing that a ``Value`` can hold: an unknown extension, a key that is not a string.
        public static let unsupported = Code(base: .unsupported)
        /// A number does not fit into the type asked for.
        public static let outOfRange = Code(base: .outOfRange)
        /// A member or an element is missing.
        public static let missing = Code(base: .missing)
        /// The type's own `Codable` code refused.
        public static let rejected = Code(base: .rejected)

        /// More values than the reader was told to take.
        public static let tooMany = Code(base: .tooMany)

        /// The code as a word.
        public var label: String { self.base.rawValue }
    }

    /// What is wrong.
    public var code: Code
    /// What is wrong, in words.
    public var message: String
    /// Where in a `Codable` type's value it is wrong: `items.[3].price`; empty for the whole value.
    public var path: String

    /// A word for metrics; never contains values.
    public var label: String { self.code.label }

    /// The message with its place.
    public var description: String {
        self.path.isEmpty ? self.message : "\(self.message) at \(self.path)"
    }

    /// Creates an error.
    public init(_ code: Code, _ message: String, path: String = "") {
        self.code = code
        self.message = message
        self.path = path
    }

    static func mismatch(_ expected: String, _ found: String) -> MessagePackError {
        MessagePackError(.typeMismatch, "expected \(expected), found \(found)")
    }
}
