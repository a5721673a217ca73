// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a name or a pattern was refused.
public struct EventNameError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with the name.
    public struct Code: Hashable, Sendable {
        private enum Base: String { case empty, tooLong, controlCharacter, wildcard, reserved }
        private let base: Base
        /// No characters at all.
        public static let empty = Code(base: .empty)
        /// More than ``EventName/maximumLength`` bytes.
        public static let tooLong = Code(base: .tooLong)
        /// A control character.
        public static let controlCharacter = Code(base: .controlCharacter)
        /// A `*` where none can stand.
        public static let wildcard = Code(base: .wildcard)
        /// A name that only Weft emits.
        public static let reserved = Code(base: .reserved)

        /// The code as a word.
        public var label: String { self.base.rawValue }
    }

    /// What is wrong.
    public var code: Code
    /// What is wrong, in words.
    public var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A word for metrics; never contains values.
    public var label: String { self.code.label }

    /// The message.
    public var description: String { self.message }
}
