// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Synchronization
public import WeftProtocol

/// Submits many tasks to a coordinator in the same process, and takes their ends as they come, all at once that have piled up.
///
/// ```swift
/// let flow = coordinator.makeFlow()
/// _ = try await flow.submit(tasks)
/// while let ended = await flow.next() { … }
/// ```
///
/// How many tasks go together is up to how they come: one alone is dealt at once, many are written, dealt and ended together.
public final class TaskFlow: Sendable {
    private struct State {
        var ended: [TaskRecord] = []
        var waiter: CheckedContinuation<[TaskRecord]?, Never>?
        var isFinished = false
    }

    private static let lastTag = Atomic<UInt64>(0)

    /// What its tasks are known by.
    let tag = TaskFlow.lastTag.wrappingAdd(1, ordering: .relaxed).newValue
    private let coordinator: Coordinator
    private let state = Locked(State())

    init(_ coordinator: Coordinator) {
        self.coordinator = coordinator
    }

    /// Takes tasks; when this returns, those that were taken are in the ledger.
    ///
    /// - Parameter tasks: The tasks.
    /// - Returns: For each task where it is in its life, or why it was not taken. One that was known before has no end that ``next()`` gives.
    /// - Throws: ``TaskRefusal`` when the coordinator takes none of them.
    public func submit(_ tasks: [TaskSubmission]) async throws -> [Result<TaskState, TaskRefusal>] {
        try await self.coordinator.submit(tasks, of: self)
    }

    /// The tasks that have ended since the last call, as soon as there are any; nil when the coordinator has ended.
    ///
    /// One caller at a time.
    public func next() async -> [TaskRecord]? {
        await withCheckedContinuation { continuation in
            let (ended, isOver) = self.state.withLock { state -> ([TaskRecord], Bool) in
                defer { state.ended = [] }
                if state.ended.isEmpty, !state.isFinished {
                    state.waiter = continuation
                    return ([], false)
                }
                return (state.ended, state.ended.isEmpty)
            }
            if isOver {
                continuation.resume(returning: nil)
            } else if !ended.isEmpty {
                continuation.resume(returning: ended)
            }
        }
    }

    func append(_ records: [TaskRecord]) {
        let waiter = self.state.withLock { state -> CheckedContinuation<[TaskRecord]?, Never>? in
            guard state.waiter != nil else {
                state.ended += records
                return nil
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: records)
    }

    func finish() {
        let waiter = self.state.withLock { state -> CheckedContinuation<[TaskRecord]?, Never>? in
            state.isFinished = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}
