// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// What a worker says to the coordinator, on the coordinator's sink.
public enum WorkerMessage: Hashable, Sendable {
    /// Asks to be taken on, and names what it holds.
    case register(WorkerRegistration)
    /// A sign of life that renews the leases of what it names.
    case heartbeat(WorkerHeartbeat)
    /// Handlers have begun.
    case started([TaskReference])
    /// A handler reported progress.
    case progress(TaskReference, Value)
    /// An attempt has ended.
    case result(TaskReference, TaskOutcome)
    /// Several attempts have ended; for coordinators that say that they take this.
    case results([TaskEnding])
    /// The worker takes nothing more, and gives back what it has not begun.
    case draining(returned: [TaskReference])
    /// The worker leaves, and gives back what it could not end.
    case goodbye(returned: [TaskReference])
}
