// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol

/// Why a node could not start, join, or reach another one.
public struct NodeError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private enum Base: String {
            case address, addressInUse, advertise, insecure, system, join, state, timeout, noMember, remote, gone,
                ambiguous, keys, refused, tooLarge
        }
        private let base: Base
        /// An address is not one, or not one that a node can use.
        public static let address = Code(base: .address)
        /// Another program has the address.
        public static let addressInUse = Code(base: .addressInUse)
        /// The node is bound to an address that nobody can dial.
        public static let advertise = Code(base: .advertise)
        /// The address is not a loopback one, and there are no keys.
        public static let insecure = Code(base: .insecure)
        /// The system did not give what a node needs.
        public static let system = Code(base: .system)
        /// The mesh could not be joined; see ``NodeError/mesh``.
        public static let join = Code(base: .join)
        /// The node has not been started, or has been stopped.
        public static let state = Code(base: .state)
        /// No answer came in time.
        public static let timeout = Code(base: .timeout)
        /// There is no such member.
        public static let noMember = Code(base: .noMember)
        /// The other node answered with an error; see ``NodeError/remoteLabel``.
        public static let remote = Code(base: .remote)
        /// The other node went away before it answered.
        public static let gone = Code(base: .gone)
        /// More than one member could be meant.
        public static let ambiguous = Code(base: .ambiguous)
        /// The node's files of keys cannot be used.
        public static let keys = Code(base: .keys)
        /// Everybody refuses the node: its key, or what it wants to be.
        public static let refused = Code(base: .refused)
        /// What the node would tell the others about itself is more than they take.
        public static let tooLarge = Code(base: .tooLarge)
        /// The code as a word.
        public var label: String { self.base.rawValue }
    }

    /// What went wrong.
    public var code: Code
    /// What went wrong, in words, and what to do.
    public var message: String
    /// Why joining failed, when that is what failed.
    public var mesh: MeshError?
    /// The other node's word for its error, when it answered with one.
    public var remoteLabel: String?

    /// A word for metrics; never contains values.
    public var label: String { self.mesh.map { "join.\($0.label)" } ?? self.code.label }
    /// The message.
    public var description: String { self.message }

    /// Creates an error.
    public init(_ code: Code, _ message: String, mesh: MeshError? = nil, remoteLabel: String? = nil) {
        self.code = code
        self.message = message
        self.mesh = mesh
        self.remoteLabel = remoteLabel
    }
}
