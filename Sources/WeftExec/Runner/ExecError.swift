// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a command can't be the handler of tasks.
public struct ExecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public struct Code: Hashable, Sendable {
        private enum Value { case empty, notFound, notExecutable, syntax, system }
        private let value: Value

        /// There is no command at all.
        public static let empty = Self(value: .empty)
        /// The program that the command begins with doesn't exist.
        public static let notFound = Self(value: .notFound)
        /// The program exists, and may not be executed.
        public static let notExecutable = Self(value: .notExecutable)
        /// The shell can't parse the command.
        public static let syntax = Self(value: .syntax)
        /// The shell itself could not be started.
        public static let system = Self(value: .system)
    }

    /// What kind of trouble it is.
    public let code: Code
    /// What is wrong and what to do about it.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { self.message }
}
