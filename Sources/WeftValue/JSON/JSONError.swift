// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why some text is not JSON, and where it stops being so.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public struct Code: Hashable, Sendable {
        private enum Base: String { case syntax, unexpectedEnd, invalidText, numberOutOfRange, tooDeep, trailingText }
        private let base: Base
        /// A character that cannot stand where it does.
        public static let syntax = Code(base: .syntax)
        /// The text ends in the middle of a value.
        public static let unexpectedEnd = Code(base: .unexpectedEnd)
        /// A string is not UTF-8, or holds an unescaped control character or an unknown escape.
        public static let invalidText = Code(base: .invalidText)
        /// A number is too large for any kind of number.
        public static let numberOutOfRange = Code(base: .numberOutOfRange)
        /// The text nests deeper than ``Value/maximumDepth``.
        public static let tooDeep = Code(base: .tooDeep)
        /// Something follows the value.
        public static let trailingText = Code(base: .trailingText)

        /// The code as a word.
        public var label: String { self.base.rawValue }
    }

    /// What is wrong.
    public var code: Code
    /// What is wrong, in words, without the position.
    public var message: String
    /// How many bytes come before the fault.
    public var offset: Int
    /// The line of the fault, counted from 1.
    public var line: Int
    /// How many bytes into its line the fault is, counted from 1.
    public var column: Int

    /// A word for metrics; never contains values.
    public var label: String { self.code.label }

    /// The message with its position.
    public var description: String {
        "\(self.message) (line \(self.line), column \(self.column))"
    }
}
