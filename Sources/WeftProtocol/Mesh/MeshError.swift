// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a node could not join its mesh.
public struct MeshError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private enum Base: String { case unreachable, rejected, unconfirmed }
        private let base: Base
        /// No seed answered in time.
        public static let unreachable = Code(base: .unreachable)
        /// A member refused.
        public static let rejected = Code(base: .rejected)
        /// Members answered, but their events do not arrive here, or ours there.
        public static let unconfirmed = Code(base: .unconfirmed)
        /// The code as a word.
        public var label: String { self.base.rawValue }
    }

    /// What went wrong.
    public var code: Code
    /// What went wrong, in words, and what to do.
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
