// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// What a ``Mesh`` hands to the bus, one after the other.
public enum MeshDelivery: Hashable, Sendable {
    /// The events of a batch that come after a sequence.
    case events(EventBatch, after: UInt64)
    /// What happened before this node joined.
    case history([EventRecord])
    /// Events of this origin that will not come: `weft:gap`.
    case gap(origin: NodeID, first: UInt64, last: UInt64)
    /// A member hears this node and is heard: `weft:peer-joined`.
    indirect case joined(MemberRecord)
    /// A member is gone: `weft:peer-left`.
    indirect case left(MemberRecord, DepartureReason)

    /// The bytes that it keeps alive.
    public var byteCount: Int {
        switch self {
        case .events(let batch, _): batch.byteCount
        case .history(let records): records.reduce(0) { $0 + $1.encodedArguments.count }
        case .gap, .joined, .left: 0
        }
    }
}
