// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What an ``AgentConnection`` reports, in the order in which it happened.
public enum AgentConnectionElement: Hashable, Sendable {
    /// The stream is open and this is who the worker is from now on.
    case registered(WorkerRecord)

    /// A task to run; its id is the identity of the work, and it may come more than once.
    case task(PlatformTask)

    /// An event that cannot be read was skipped. With a task's id, that task should be reported as an error.
    case unreadable(taskID: String?, reason: String)

    /// The stream is closed; it is opened again after the pause.
    case disconnected(reason: String, retryIn: Duration)

    /// The platform refuses the stream with a status that only an operator can change; it is asked again after a long
    /// pause.
    case refused(status: Int, message: String, retryIn: Duration)

    /// The agent is served from another environment; this is the last element.
    case conflict(reason: String)

    /// The connection has ended for good; this is the last element.
    case ended(reason: String)
}
