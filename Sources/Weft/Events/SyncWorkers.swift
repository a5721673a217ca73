// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Dispatch
import Locking

/// The threads on which synchronous handlers run, so that one that blocks holds up neither the socket loop nor the
/// program's other tasks.
///
/// Each thread is a serial dispatch queue that is handed to one call at a time. Calls beyond the number of threads wait
/// in order of arrival.
final class SyncWorkers: Sendable {
    private struct State {
        var idle: [SyncLane]
        var made = 0
        var waiters: Deque<Waiter> = []
        var nextWaiter: UInt64 = 0
    }

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<SyncLane?, Never>
    }

    private let count: Int
    private let state = Locked(State(idle: []))

    /// Creates a pool; its threads are made when they are first needed.
    init(count: Int) {
        self.count = max(1, count)
    }

    /// Runs `body` on one of the threads, inside the calling task, so that its cancellation and its local values hold.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before a thread is free; else what `body` throws.
    @concurrent func run<Output: Sendable>(_ body: @Sendable () throws -> Output) async throws -> Output {
        guard let lane = await self.take() else { throw CancellationError() }
        defer { self.giveBack(lane) }
        try Task.checkCancellation()
        return try await withTaskExecutorPreference(lane) { try await Self.call(body) }
    }

    // Being `@concurrent`, it runs on the preferred executor and not on the caller's.
    @concurrent private static func call<Output: Sendable>(
        _ body: @Sendable () throws -> Output
    ) async throws -> Output {
        try body()
    }

    private func take() async -> SyncLane? {
        let id = self.state.withLock { state in
            state.nextWaiter &+= 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enum Answer { case lane(SyncLane), cancelled, wait }
                let answer = self.state.withLock { state -> Answer in
                    // The handler below may have run already, before there was anything to take out.
                    if Task.isCancelled { return .cancelled }
                    if let lane = state.idle.popLast() { return .lane(lane) }
                    if state.made < self.count {
                        state.made += 1
                        return .lane(SyncLane(number: state.made))
                    }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return .wait
                }
                switch answer {
                case .lane(let lane): continuation.resume(returning: lane)
                case .cancelled: continuation.resume(returning: nil)
                case .wait: break
                }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(returning: nil)
        }
    }

    private func giveBack(_ lane: SyncLane) {
        let waiter = self.state.withLock { state -> Waiter? in
            if let waiter = state.waiters.popFirst() { return waiter }
            state.idle.append(lane)
            return nil
        }
        waiter?.continuation.resume(returning: lane)
    }
}
