// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftBus

/// An attempt that is over: who had it, when, and why it ended.
public struct TaskAttempt: Hashable, Sendable {
    /// The attempt, counted from 1.
    public var attempt: Int
    /// The worker that had it.
    public var worker: NodeID?
    /// When it was dealt to the worker; nil when that is not known.
    public var startedAt: Date?
    /// When it ended.
    public var endedAt: Date
    /// The handler's message, or how the worker was lost; empty for the attempt that completed its task.
    public var error: String

    /// Creates an attempt.
    public init(attempt: Int, worker: NodeID?, startedAt: Date? = nil, endedAt: Date, error: String) {
        self.attempt = attempt
        self.worker = worker
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.error = error
    }
}
