// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a node does in the mesh besides passing events; one node may have several roles.
public struct NodeRole: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The role as it goes over the wire.
    public var name: String

    /// Events only.
    public static let peer = NodeRole(name: "peer")
    /// Runs tasks.
    public static let worker = NodeRole(name: "worker")
    /// Owns the ledger and deals tasks.
    public static let coordinator = NodeRole(name: "coordinator")

    /// May change what others run: cancel, retry, requeue and drop tasks, and drain nodes.
    ///
    /// Only keys give it.
    public static let `operator` = NodeRole(name: "operator")
    /// The roles that a key can be trusted with.
    static let known: Set<NodeRole> = [.peer, .worker, .coordinator, .operator]

    /// Creates a role.
    public init(name: String) {
        self.name = name
    }

    /// The name.
    public var description: String { self.name }

    /// Sorts by name.
    public static func < (left: Self, right: Self) -> Bool { left.name < right.name }
}
