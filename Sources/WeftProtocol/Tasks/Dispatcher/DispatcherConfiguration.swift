// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// A dispatcher's settings, with the defaults of ``TaskDefaults``.
public struct DispatcherConfiguration: Hashable, Sendable {
    /// The agents whose platform connections want to know about capacity.
    public var agents: [String] = []
    /// The most tasks that workers hold, of all queues together; nil for as many as there are slots.
    public var maximumRunning: Int?
    /// The settings of queues by their names.
    public var queues: [String: QueueConfiguration] = [:]
    /// The settings of all other queues, each for itself.
    public var defaultQueue = QueueConfiguration()
    /// How long a handler may take to stop after its time limit before its attempt is taken from it.
    public var limitGrace = TaskDefaults.limitGrace
    /// How often tasks are tried that do not say it themselves.
    public var retry = RetryPolicy()
    /// How long a worker holds a task without a sign of life.
    public var lease = TaskDefaults.lease
    /// How often workers are pinged.
    public var heartbeat = TaskDefaults.heartbeat
    /// How long a worker may be silent before it is dealt nothing more.
    public var suspicion = TaskDefaults.suspicion
    /// How long a worker whose connection closed may take to say hello again.
    public var lossGrace = TaskDefaults.lossGrace
    /// How long workers have to reclaim what they hold after a restart.
    public var reclaimGrace = TaskDefaults.reclaimGrace
    /// The most tasks that wait or run.
    public var maximumUnfinished = TaskDefaults.maximumUnfinished
    /// About how many bytes the tasks that wait or run may take, all together.
    public var maximumUnfinishedBytes = TaskDefaults.maximumUnfinishedBytes
    /// The most outcomes that wait for the platform.
    public var maximumUnreported = TaskDefaults.maximumUnreported
    /// The largest task, in bytes.
    public var maximumTaskBytes = TaskDefaults.maximumTaskBytes
    /// The largest result, in bytes.
    public var maximumResultBytes = TaskDefaults.maximumResultBytes
    /// The most workers.
    public var maximumWorkers = TaskDefaults.maximumWorkers
    /// How many ended tasks are remembered for results that come twice.
    public var recentlyFinished = TaskDefaults.recentlyFinished

    /// Creates the default settings.
    public init() {}
}
