// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus

/// A worker as the coordinator sees it.
public struct WorkerSummary: Hashable, Sendable {
    /// The worker's node.
    public var id: NodeID
    /// Its name.
    public var name: String
    /// How many tasks it runs at once.
    public var slots: Int
    /// How many it holds: those that run, and a few that wait there.
    public var held: Int
    /// The agents it serves; empty for all.
    public var agents: [String]
    /// The queues it serves; empty for all.
    public var queues: [String]
    /// Whether it is on its way out.
    public var isDraining: Bool
    /// Whether it has been heard of lately.
    public var isLive: Bool
}
