// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftValue

/// What a node tells the others about itself; it spreads from node to node.
public struct MemberRecord: Hashable, Sendable {
    /// The node; new at every start of a process.
    public var id: NodeID
    /// The stable name.
    public var name: String
    /// What it does.
    public var roles: Set<NodeRole>
    /// Where its control socket can be reached.
    public var control: String
    /// Where its events can be heard.
    public var publish: String
    /// What other parts of Weft say about the node (the task plane its sink and its epoch), by name.
    public var extras: [String: Value]
    /// Raised with every change of the record; the higher one wins.
    public var revision: UInt64
    /// The wire versions that it speaks.
    public var versions: VersionRange
    /// Raised by the node itself, and by nobody else, each time it learns that somebody doubts that it lives.
    public var refutation: UInt64
    /// The public key that its sockets prove, as Z85; nil without keys.
    public var key: String?

    /// Creates a record.
    public init(
        id: NodeID, name: String, roles: Set<NodeRole> = [.peer], control: String, publish: String,
        extras: [String: Value] = [:], revision: UInt64 = 1, versions: VersionRange = .current,
        refutation: UInt64 = 0, key: String? = nil
    ) {
        self.id = id
        self.name = name
        self.roles = roles
        self.control = control
        self.publish = publish
        self.extras = extras
        self.revision = revision
        self.versions = versions
        self.refutation = refutation
        self.key = key
    }
}
