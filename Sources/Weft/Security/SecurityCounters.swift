// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How often somebody was kept out.
public struct SecurityCounters: Hashable, Sendable {
    /// Connections refused because their key is not trusted.
    public var refusedKeys: UInt64 = 0
    /// Connections that failed before a key was shown: plaintext, another mechanism, junk, or nothing at all.
    public var refusedHandshakes: UInt64 = 0
    /// Connections that looked for somebody else here: who joins at an address tries it with the keys that it trusts.
    public var otherServerKeys: UInt64 = 0
    /// Connections that this node opened and that were refused at the other end.
    public var refusedElsewhere: UInt64 = 0
    /// Messages that claimed to come from another node than their sender's key stands for, or in a role that it has not.
    public var impostors: UInt64 = 0
    /// Ids of nodes that are members no more, or never were, that made room for others.
    public var idsForgotten: UInt64 = 0
    /// Messages whose sender is trusted no longer.
    public var revoked: UInt64 = 0
    /// Calls that need an operator's key, from somebody else.
    public var refusedCommands: UInt64 = 0
    /// Times that sockets were bound anew because a key went or came.
    public var rebinds: UInt64 = 0
    /// Times that the address could not be had again for a while, since somebody else had taken it; nobody could connect meanwhile.
    public var rebindsDelayed: UInt64 = 0
    /// Times that a file of keys could not be read.
    public var badFiles: UInt64 = 0

    /// Nothing has happened yet.
    public init() {}
}
