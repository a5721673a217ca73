// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization
import WeftProtocol
import WeftValue

/// One attempt that a worker runs: what its handler may know and say.
final class RunningAttempt: Sendable {
    let key: AttemptKey
    let request: TaskRequest
    private let pool: HandlerPool
    private let isTold = Atomic<Bool>(false)

    init(_ request: TaskRequest, in pool: HandlerPool) {
        self.key = AttemptKey(request)
        self.request = request
        self.pool = pool
    }

    /// Whether its handler should stop.
    var isStopped: Bool { self.isTold.load(ordering: .acquiring) }

    /// Why its handler should stop; nil when it may go on.
    var stopReason: String? { self.isStopped ? self.pool.stopReason(of: self.key) : nil }

    func stop() {
        self.isTold.store(true, ordering: .releasing)
    }

    func report(_ progress: Value) {
        self.pool.report(progress, of: self.key)
    }
}
