// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a message of the task plane, or a stored record, cannot be read.
public struct TaskPlaneError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error.
    public struct Code: Hashable, Sendable {
        enum Base: String { case notWeft, version, unknownKind, malformed, missing, wrongType, outOfRange }
        let base: Base

        /// The frame is not one of Weft's.
        public static let notWeft = Self(base: .notWeft)
        /// The frame speaks a version of the protocol that we do not.
        public static let version = Self(base: .version)
        /// The frame is of a kind that we do not know; newer versions may send such, and they are skipped.
        public static let unknownKind = Self(base: .unknownKind)
        /// The body is not MessagePack, or not a map.
        public static let malformed = Self(base: .malformed)
        /// A field is missing.
        public static let missing = Self(base: .missing)
        /// A field has another type than it should.
        public static let wrongType = Self(base: .wrongType)
        /// A field has a value that it must not have.
        public static let outOfRange = Self(base: .outOfRange)
    }

    /// The kind of error.
    public var code: Code
    /// What cannot be read, and why.
    public var message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The kind as a metric's label.
    public var label: String { self.code.base.rawValue }

    /// The message.
    public var description: String { self.message }
}
