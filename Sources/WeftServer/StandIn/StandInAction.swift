// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// What the shell has to do after a change, in this order.
enum StandInAction: Hashable, Sendable {
    /// Send an event to a worker's stream.
    case sendToWorker(String, name: String, data: Value)
    /// Send an envelope to everyone who watches a task.
    case sendToWatchers(taskID: String, data: Value)
    /// End a worker's stream after what was sent.
    case endWorker(String)
    /// End the streams of everyone who watches a task.
    case endWatchers(taskID: String)
}
