// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Why a node does not take another one in.
public struct RejectReason: Hashable, Sendable, CustomStringConvertible {
    /// The reason as it goes over the wire.
    public var name: String

    /// No wire version in common.
    public static let version = RejectReason(name: "version")
    /// The mesh has as many members as it may.
    public static let full = RejectReason(name: "full")
    /// A message came from a node that the receiver does not know (any more): say HELLO again.
    public static let unknown = RejectReason(name: "unknown")
    /// The node has said goodbye; it must join with a new id.
    public static let left = RejectReason(name: "left")
    /// Another node listens at this address than the one that was called.
    public static let elsewhere = RejectReason(name: "elsewhere")

    /// The node claims to be, or to do, what its key does not prove.
    public static let identity = RejectReason(name: "identity")
    /// The handshake failed: a key is not trusted, or one side has none.
    ///
    /// Never sent; whoever dials finds it out.
    public static let key = RejectReason(name: "key")

    /// Creates a reason.
    public init(name: String) {
        self.name = name
    }

    /// The name.
    public var description: String { self.name }
}
