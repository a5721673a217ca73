// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol
public import WeftValue

/// Stands for a task that a coordinator has in its ledger.
public struct TaskReceipt: Sendable {
    /// The task's id.
    public let id: String
    /// Where the task was in its life when it was submitted: further than `queued` when the id had been submitted before.
    public let state: TaskState
    private let node: Node

    init(id: String, state: TaskState, node: Node) {
        self.id = id
        self.state = state
        self.node = node
    }

    /// Waits for the task's end, across restarts of the coordinator.
    ///
    /// - Parameter limit: How long to wait; nil for as long as it takes.
    /// - Throws: ``TaskPlaneFailure`` with code `timedOut`, or ``TaskRefusal`` with code `unknown` when the coordinator has lost or
    ///   dropped the task.
    public func outcome(within limit: Duration? = nil) async throws -> TaskOutcome {
        let record = try await self.node.taskRecord(self.id, awaitingEndWithin: limit)
        return record.status.outcome ?? .cancelled(reason: "The task has ended without an outcome.")
    }

    /// What the task gives back, once it has completed, however long that takes.
    ///
    /// - Throws: ``TaskFailure`` with the handler's message when it failed, expired or was cancelled, else as ``outcome(within:)``.
    public var value: Value {
        get async throws {
            switch try await self.outcome() {
            case .completed(let result): return result.value
            case .failed(let failure): throw failure
            case .cancelled(let reason): throw TaskFailure("The task was cancelled: \(reason)", retry: .never)
            }
        }
    }

    /// The task's record as it stands.
    public func record() async throws -> TaskRecord {
        try await self.node.task(self.id)
    }
}
