// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a worker says about itself when it registers.
public struct WorkerRegistration: Hashable, Sendable {
    /// The worker's name.
    public var name: String
    /// How many tasks it runs at once.
    public var slots: Int
    /// The agents it serves; empty for all.
    public var agents: [String]
    /// The queues it serves; empty for all.
    public var queues: [String]
    /// Where its PULL socket can be reached.
    public var endpoint: String
    /// Counts the worker's registrations, so that one that arrives twice is known as one.
    public var session: UInt64
    /// Whether it is on its way out, and only wants to hand over what it holds.
    public var isDraining: Bool
    /// What it runs, holds, or has finished without an acknowledgement.
    public var held: [TaskReference]

    /// Creates a registration.
    public init(
        name: String, slots: Int, agents: [String] = [], queues: [String] = [], endpoint: String, session: UInt64 = 1,
        isDraining: Bool = false, held: [TaskReference] = []
    ) {
        self.name = name
        self.slots = slots
        self.agents = agents
        self.queues = queues
        self.endpoint = endpoint
        self.session = session
        self.isDraining = isDraining
        self.held = held
    }
}
