// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftBus
public import WeftValue

/// Something that happened to a task or a worker.
public enum TaskEvent: Hashable, Sendable {
    /// A task is in the ledger.
    case accepted(id: String)
    /// A task came again; nothing was changed.
    case repeated(id: String, state: TaskState)
    /// Another task came under the id of one that is known; the first one counts.
    case conflict(id: String, state: TaskState)
    /// A task that had ended, or waited for its time, is queued again.
    case requeued(id: String)
    /// A dead letter was dropped.
    case dropped(id: String)
    /// A task was not taken.
    case refused(id: String, TaskRefusal)
    /// A worker has begun an attempt.
    case started(id: String, attempt: Int, worker: NodeID)
    /// A handler reported progress.
    case progress(id: String, attempt: Int, Value)
    /// An attempt failed or was lost, and another will follow.
    case retrying(id: String, attempt: Int, error: String, notBefore: Date?)
    /// A task ended; with what it was handed in with by ``TaskIntake/tag``.
    case ended(TaskRecord, tag: UInt64)
    /// The wall clock was put forward (or back, when negative) by so many seconds; nothing is begun or ended by that.
    case clockJumped(seconds: Double)
    /// A worker was taken on.
    case workerJoined(NodeID, name: String, slots: Int)
    /// A worker is gone; what it held is dealt again.
    case workerLeft(NodeID, name: String, reason: String, returned: Int)
    /// Somebody asked to be a worker and was not taken on.
    case workerRefused(NodeID, reason: String)
}
