// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a task was not taken.
public struct TaskRefusal: Error, Hashable, Sendable {
    /// The kind of refusal.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case full, tooLarge, invalid, conflict, draining, unknown, unavailable, undecided, forbidden
        }
        private let base: Base

        /// As many tasks wait and run as are allowed.
        public static let full = Self(base: .full)
        /// The task is larger than allowed.
        public static let tooLarge = Self(base: .tooLarge)
        /// Something about the task is wrong.
        public static let invalid = Self(base: .invalid)
        /// Another task has the same id.
        public static let conflict = Self(base: .conflict)
        /// The coordinator is stopping.
        public static let draining = Self(base: .draining)
        /// There is no such task.
        public static let unknown = Self(base: .unknown)
        /// The coordinator or its ledger cannot be reached.
        public static let unavailable = Self(base: .unavailable)
        /// Whether it was done is open, because the ledger cannot be written now.
        ///
        /// The same request under the same id does no harm, and tells.
        public static let undecided = Self(base: .undecided)

        /// It needs a key that the caller does not have.
        public static let forbidden = Self(base: .forbidden)

        /// The code's name.
        public var description: String { self.base.rawValue }

        /// The code with a name, as it came over the wire; `unavailable` for a name nobody knows.
        public init(named name: String) {
            self.base = Base(rawValue: name) ?? .unavailable
        }

        private init(base: Base) {
            self.base = base
        }
    }

    /// The kind of refusal.
    public var code: Code
    /// What is wrong, and what to do about it.
    public var message: String

    /// Creates a refusal.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The kind as a metric's label.
    public var label: String { self.code.description }
}

extension TaskRefusal: CustomStringConvertible {
    /// The message.
    public var description: String { self.message }
}
