// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol

/// A coordinator's settings.
public struct CoordinatorConfiguration: Sendable {
    /// Where workers send what they have to say: an endpoint to bind; nil for a free port beside the node's own.
    public var bind: String?
    /// The host that workers dial; nil for the one that is bound.
    public var advertise: String?
    /// How tasks are dealt and tried.
    public var dispatcher = DispatcherConfiguration()
    /// How long work may take to end when the coordinator stops.
    public var drainDeadline = TaskDefaults.drainDeadline
    /// How long a stopping coordinator waits for the platform to take what is to be reported.
    public var flushDeadline = TaskDefaults.flushDeadline
    /// Whether the coordinator asks the platform, after each registration, for the agent's tasks that are not over, and takes those that it lacks.
    ///
    /// Another client that runs tasks of the same agent by itself would see them run twice.
    public var reconciles = true
    /// How often the platform is asked whether running tasks were stopped.
    public var platformPoll = TaskDefaults.platformPoll
    /// The events that become tasks.
    public var triggers: [TaskTrigger] = []
    /// How long whoever submits a task waits for a ledger that cannot be written.
    public var ledgerPatience = TaskDefaults.ledgerPatience
    /// The pauses between attempts to report to the platform.
    public var reportPauses = RetryPolicy(backoff: .milliseconds(500), maximumBackoff: .seconds(60))

    /// Creates the default settings.
    public init() {}
}
