// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A worker that has opened a stream.
public struct StandInWorker: Hashable, Sendable {
    /// Its id, new with each stream.
    public let id: String
    /// The agent that it serves.
    public let agentID: String
    /// The organization in its address.
    public let organizationID: String
    /// The environment that it runs in, `local` or `xpander`.
    public let environment: String
    /// When its stream was opened.
    public let openedAt: Date
    /// Whether its stream is open.
    public internal(set) var isConnected = true
    /// What it last said about its capacity.
    public internal(set) var isBusy = false
    /// How many heartbeats it has sent.
    public internal(set) var heartbeats = 0
    /// Every capacity message, in the order in which they came.
    public internal(set) var capacityMessages: [Bool] = []
    /// The last heartbeat's text.
    public internal(set) var lastHeartbeat: String?
    /// The unfinished tasks that it has been sent.
    public internal(set) var unfinished: Set<String> = []
    /// Whether it was forgotten by a fault, so that its messages are answered with 404.
    var isForgotten = false
}
