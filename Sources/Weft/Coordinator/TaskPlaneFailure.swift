// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a coordinator or a worker could not go on.
public struct TaskPlaneFailure: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case alreadyRun, conflict, platformEnded, notRunning, superseded, stopped, noCoordinator, timedOut,
                forbidden
        }
        private let base: Base

        /// It has been run before.
        public static let alreadyRun = Self(base: .alreadyRun)
        /// The platform says that somebody else serves this agent.
        public static let conflict = Self(base: .conflict)
        /// The platform's stream has ended for good.
        public static let platformEnded = Self(base: .platformEnded)
        /// The node is not running.
        public static let notRunning = Self(base: .notRunning)
        /// Another coordinator has taken the ledger.
        public static let superseded = Self(base: .superseded)
        /// It has stopped.
        public static let stopped = Self(base: .stopped)
        /// No coordinator is known in the mesh.
        public static let noCoordinator = Self(base: .noCoordinator)
        /// The node's key is not trusted in the role that this needs.
        public static let forbidden = Self(base: .forbidden)
        /// It took longer than was allowed.
        public static let timedOut = Self(base: .timedOut)

        /// The code's name.
        public var description: String { self.base.rawValue }
    }

    /// The kind of failure.
    public var code: Code
    /// What happened, and what to do about it.
    public var message: String

    /// Creates a failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The kind as a metric's label.
    public var label: String { self.code.description }

    /// The message.
    public var description: String { self.message }
}
