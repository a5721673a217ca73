// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// The name that a control link gives itself towards the socket that it connects to: whose it is, and which of that
/// node's links.
///
/// Each link has a number of its own, so two links of one node to one address (a seed that is also a peer, a process
/// that took over another's port) never push each other out.
public struct RoutingID: Hashable, Sendable {
    /// The node that opened the link.
    public var node: NodeID
    /// The number that the node gave the link.
    public var link: UInt32

    /// Creates a routing id.
    public init(node: NodeID, link: UInt32) {
        self.node = node
        self.link = link
    }

    /// Reads a routing id; nil for one that no node of Weft has.
    public init?(bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        guard rest.popFirst() == WireFormat.linkMarker, let node = rest.takeNodeID(),
            let link = rest.takeInteger(UInt32.self), rest.isEmpty
        else { return nil }
        self.init(node: node, link: link)
    }

    /// The id as it goes over the wire, 21 bytes.
    public var bytes: [UInt8] {
        var bytes = [WireFormat.linkMarker]
        bytes.append(contentsOf: self.node.bytes)
        bytes.appendBigEndian(self.link)
        return bytes
    }
}
