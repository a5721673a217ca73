// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftBus

/// An attempt that did not end its task: who had it, and why it ended.
public struct TaskAttempt: Hashable, Sendable {
    /// The attempt, counted from 1.
    public var attempt: Int
    /// The worker that had it.
    public var worker: NodeID?
    /// When it ended.
    public var endedAt: Date
    /// The handler's message, or how the worker was lost.
    public var error: String

    /// Creates an attempt.
    public init(attempt: Int, worker: NodeID?, endedAt: Date, error: String) {
        self.attempt = attempt
        self.worker = worker
        self.endedAt = endedAt
        self.error = error
    }
}
