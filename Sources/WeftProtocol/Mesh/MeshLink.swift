// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// The way a control message came or goes.
public enum MeshLink: Hashable, Sendable {
    /// A link that this node opened, by its number.
    case outbound(UInt32)
    /// A link that another node opened, with the number that it has there.
    case inbound(NodeID, UInt32)
}

extension MeshLink {
    /// Whose link it is, for one that somebody else has opened.
    var peer: NodeID? {
        if case .inbound(let id, _) = self { id } else { nil }
    }
}
