// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Where a task is in its life.
public enum TaskState: String, Hashable, Sendable, CaseIterable {
    /// Accepted, and waiting for a worker.
    case queued
    /// Dealt to a worker, which has not begun.
    case leased
    /// A worker runs it.
    case running
    /// The handler failed; the task waits for its next attempt.
    case retrying
    /// Ended with a result.
    case completed
    /// Used up its attempts, and is kept until someone requeues or drops it: a dead letter.
    case dead
    /// Ended because someone asked for it.
    case cancelled
    /// Ended because a limit on its waiting or on its whole life has passed.
    case expired

    /// Whether nothing can follow.
    public var isFinal: Bool {
        switch self {
        case .queued, .leased, .running, .retrying: false
        case .completed, .dead, .cancelled, .expired: true
        }
    }

    /// Whether a worker holds the task.
    public var isHeld: Bool {
        self == .leased || self == .running
    }
}
