// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// What is remembered of a task that has ended, for what is still said about it.
struct DispatcherFinished {
    let state: TaskState
    let attempt: Int
    let requeues: Int
    /// Who ended it; nil when that was not a worker.
    var worker: NodeID?

    init(_ status: LedgerStatus) {
        self.state = status.state
        self.attempt = status.attempt
        self.requeues = status.requeues
        self.worker = status.worker
    }
}
