// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a worker's shell must do next.
public enum WorkerAction: Hashable, Sendable {
    /// Open the link to a coordinator's sink.
    case connect(endpoint: String)
    /// Close the link to the sink.
    case disconnect
    /// Send to the coordinator.
    case send(WorkerMessage)
    /// Run an attempt.
    case start(TaskRequest)
    /// Ask an attempt's handler to stop; its end is still to be reported to the machine.
    case cancel(id: String, attempt: Int, reason: String)
    /// Nothing runs and nothing is owed any more: a draining worker may leave.
    case drained
}
