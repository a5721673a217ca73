// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a coordinator says to a worker that it takes on.
public struct WorkerWelcome: Hashable, Sendable {
    /// The coordinator's epoch.
    public var epoch: TaskEpoch
    /// How long a task may be held without a sign of life.
    public var lease: Duration
    /// How often a sign of life is expected.
    public var heartbeat: Duration
    /// Whether the coordinator takes several results in one message.
    public var takesSeveral: Bool
    /// What the worker goes on holding, with the references that it uses from now on.
    public var kept: [TaskReference]

    /// Creates a welcome.
    public init(
        epoch: TaskEpoch, lease: Duration, heartbeat: Duration, takesSeveral: Bool = true, kept: [TaskReference] = []
    ) {
        self.takesSeveral = takesSeveral
        self.epoch = epoch
        self.lease = lease
        self.heartbeat = heartbeat
        self.kept = kept
    }
}
