// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

internal import Locking
internal import Synchronization

/// What other threads hand to the loop's thread, and how they wake it.
final class LoopInbox: Sendable {
    enum Work: Sendable {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    private struct Pending {
        var work: [Work] = []
        var isAsleep = false
        var isFinished = false
        var statistics = SocketLoop.Statistics()
    }

    private let pending = Locked(Pending())
    private let wakeUp: WakeUp
    /// The loop's thread, 0 before it runs and after it has ended.
    let thread = Atomic<UInt>(0)

    init() throws(ZeroMQError) {
        self.wakeUp = try WakeUp()
    }

    var readable: Int32 { self.wakeUp.readable }

    var isOnLoop: Bool { self.thread.load(ordering: .relaxed) == SystemThread.current }

    var statistics: SocketLoop.Statistics { self.pending.withLock { $0.statistics } }

    func append(_ work: Work) {
        let wake = self.pending.withLock { pending in
            pending.work.append(work)
            defer { pending.isAsleep = false }
            return pending.isAsleep
        }
        if wake { self.wakeUp.signal() }
    }

    func wake() {
        let wake = self.pending.withLock { pending in
            defer { pending.isAsleep = false }
            return pending.isAsleep
        }
        if wake { self.wakeUp.signal() }
    }

    /// Nobody can hand anything in any more.
    func finish() {
        self.pending.withLock { $0.isFinished = true }
        self.wakeUp.signal()
    }

    /// Swaps all work out; `work` must be empty.
    ///
    /// - Returns: Whether the loop is finished.
    func take(_ work: inout [Work]) -> Bool {
        self.pending.withLock { pending in
            swap(&pending.work, &work)
            return pending.isFinished
        }
    }

    /// Publishes the statistics, and says whether the loop may sleep.
    ///
    /// From then on whoever hands something in wakes it.
    func prepareToSleep(_ statistics: SocketLoop.Statistics) -> Bool {
        self.pending.withLock { pending in
            pending.statistics = statistics
            pending.isAsleep = pending.work.isEmpty && !pending.isFinished
            return pending.isAsleep
        }
    }

    func didWake(signalled: Bool) {
        self.pending.withLock { $0.isAsleep = false }
        if signalled { self.wakeUp.clear() }
    }
}
