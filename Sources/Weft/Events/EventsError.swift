// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why ``Events`` could not be set up or started.
public struct EventsError: Error, Sendable, CustomStringConvertible {
    /// What kind of error it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case noHandlers = "no_handlers"
            case duplicateHandler = "duplicate_handler"
            case invalidConfiguration = "invalid_configuration"
            case bootFailed = "boot_failed"
            case alreadyStarted = "already_started"
            case startFailed = "start_failed"
            case notRunning = "not_running"
            case connectionLost = "connection_lost"
            case taskFailed = "task_failed"
        }

        private let base: Base

        /// Nothing is registered that could run a task.
        public static let noHandlers = Self(base: .noHandlers)
        /// Two handlers without a condition are registered for the same tasks.
        public static let duplicateHandler = Self(base: .duplicateHandler)
        /// A setting is missing or out of range.
        public static let invalidConfiguration = Self(base: .invalidConfiguration)
        /// A boot handler threw; nothing was sent.
        public static let bootFailed = Self(base: .bootFailed)
        /// ``Events`` was started before; make another one.
        public static let alreadyStarted = Self(base: .alreadyStarted)
        /// The node, the coordinator or the worker could not start or register.
        public static let startFailed = Self(base: .startFailed)
        /// The call needs a started ``Events``.
        public static let notRunning = Self(base: .notRunning)
        /// The platform has refused this program for good while it ran.
        public static let connectionLost = Self(base: .connectionLost)
        /// A task that the caller waited for has failed.
        public static let taskFailed = Self(base: .taskFailed)

        /// The code as a word for metric labels.
        public var description: String { self.base.rawValue }
    }

    /// What kind of error it is.
    public var code: Code
    /// What went wrong and what to do.
    public var message: String
    /// The error underneath, if there is one.
    public var cause: (any Error)?

    /// Creates an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The code as a word for metric labels; it never holds values.
    public var label: String { self.code.description }

    /// The message.
    public var description: String { self.message }
}
