// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Dispatch

/// One thread of ``SyncWorkers``, as an executor that tasks can prefer.
final class SyncLane: TaskExecutor {
    // A serial queue without a target gets a thread beyond the width of the cooperative pool, so blocking it is safe.
    let queue: DispatchQueue

    init(number: Int) {
        self.queue = DispatchQueue(label: "weft.sync-worker.\(number)")
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
