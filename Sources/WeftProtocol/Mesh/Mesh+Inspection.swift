// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

package import WeftBus

// What a simulation holds against what really happened.
extension Mesh {
    /// How far this node has got in a stream; nil before its beginning.
    package func position(in origin: NodeID) -> (received: UInt64, confirmed: UInt64, isLive: Bool)? {
        guard let stream = self.streams[origin], stream.phase != .waiting else { return nil }
        return (stream.received, stream.confirmed, stream.phase == .live)
    }

    /// Whether this node could send an event again.
    package func holds(_ sequence: UInt64, of origin: NodeID) -> Bool {
        self.windows.read(origin, sequence...sequence, limit: 0).from == sequence
    }

    /// The first event of the own stream that this node could send again.
    package var firstHeld: UInt64? { self.windows.ownFirst }

    /// Whether this node, which waits for the slowest, has ceased to wait for a member.
    package func isLeftBehind(_ id: NodeID) -> Bool { self.peers[id]?.lag?.isLeftBehind == true }

    /// Whether events pass both ways between this node and a member.
    package func isComplete(_ id: NodeID) -> Bool { self.peers[id]?.isComplete == true }
}
