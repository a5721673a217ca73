// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a ``Mesh`` is told once.
public struct MeshConfiguration: Sendable {
    /// This node.
    public var local: MemberRecord
    /// Control addresses of members, any of which will do; none for the first node of a mesh.
    public var seeds: [String]
    /// How long to look for a seed; nil to go on until one answers.
    public var joinTimeout: Duration?
    /// See ``MeshDefaults/heartbeatInterval``.
    public var heartbeatInterval = MeshDefaults.heartbeatInterval
    /// See ``MeshDefaults/suspectAfter``.
    public var suspectAfter = MeshDefaults.suspectAfter
    /// See ``MeshDefaults/deadAfter``.
    public var deadAfter = MeshDefaults.deadAfter
    /// See ``MeshDefaults/members``.
    public var members = MeshDefaults.members
    /// See ``MeshDefaults/replayWindow``.
    public var replayWindow = MeshDefaults.replayWindow
    /// See ``MeshDefaults/receivedWindows``.
    public var receivedWindows = MeshDefaults.receivedWindows
    /// See ``MeshDefaults/aheadBytes``.
    public var aheadBytes = MeshDefaults.aheadBytes
    /// See ``MeshDefaults/repairBytesPerTick``.
    public var repairBytesPerTick = MeshDefaults.repairBytesPerTick
    /// Whether nothing leaves the window of the own stream that a joined peer has not confirmed.
    public var waitsForSlowest = false
    /// Where the numbers of probes and requests come from.
    public var randomSeed: UInt64

    /// Creates a configuration.
    public init(
        local: MemberRecord, seeds: [String] = [], joinTimeout: Duration? = MeshDefaults.joinTimeout,
        randomSeed: UInt64
    ) {
        self.local = local
        self.seeds = seeds
        self.joinTimeout = joinTimeout
        self.randomSeed = randomSeed
    }
}
