// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a frame that came in is not one of ours, or not a whole one.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public struct Code: Hashable, Sendable {
        private enum Base: String { case notWeft, version, unknownKind, truncated, malformed, tooLarge }
        private let base: Base
        /// The frame does not start as Weft's frames do: someone else's program reached the port.
        public static let notWeft = Code(base: .notWeft)
        /// A wire version that this build does not speak.
        public static let version = Code(base: .version)
        /// A kind of message that this build does not know; newer ones may send it, and it is skipped.
        public static let unknownKind = Code(base: .unknownKind)
        /// The frame ends before its content does.
        public static let truncated = Code(base: .truncated)
        /// The content is not what its kind says.
        public static let malformed = Code(base: .malformed)
        /// Larger than what the format allows.
        public static let tooLarge = Code(base: .tooLarge)
        /// The code as a word.
        public var label: String { self.base.rawValue }
    }

    /// What is wrong.
    public var code: Code
    /// What is wrong, in words.
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
