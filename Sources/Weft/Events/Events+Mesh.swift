// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol
import WeftValue

extension Events {
    /// The node of this process, for everything else that the mesh can do.
    ///
    /// - Throws: ``EventsError`` with the code ``EventsError/Code/notRunning`` unless it runs.
    public var node: Node {
        get throws(EventsError) { try self.runningParts.node }
    }

    /// Where others can join the mesh, such as `tcp://127.0.0.1:7400`.
    ///
    /// - Throws: ``EventsError`` with the code ``EventsError/Code/notRunning`` unless it runs.
    public var endpoint: String {
        get throws(EventsError) { try self.runningParts.endpoint }
    }

    /// Hands a task to the cluster, from any node; when this returns, it is in the ledger.
    ///
    /// ```swift
    /// let receipt = try await events.submit(TaskSubmission(payload: "count the words"))
    /// print(receipt.id)                  // its end need not be awaited
    /// print(try await receipt.value)     // but can be
    /// ```
    ///
    /// - Parameters:
    ///   - task: The task, with its limits.
    ///   - limit: How long to wait for a coordinator that takes it.
    /// - Throws: As ``Node/submit(_:within:)``, and ``EventsError`` with the code ``EventsError/Code/notRunning`` unless it runs.
    public func submit(_ task: TaskSubmission, within limit: Duration = .seconds(30)) async throws -> TaskReceipt {
        try await self.runningParts.node.submit(task, within: limit)
    }

    /// Submits a typed task to the cluster, and waits for what comes of it.
    ///
    /// It is dealt to a worker that has a handler of this name, and waits for one if need be.
    ///
    /// - Parameters:
    ///   - name: The name, which fixes the types.
    ///   - input: What the handler is given.
    ///   - agentID: The agent whose handlers it is for, when they name one.
    ///   - queue: The queue that it waits in.
    ///   - priority: Higher is dealt first.
    ///   - timeLimit: How long one attempt may run; nil for no limit.
    ///   - adjust: Sets what else there is to say about the task: its id, key, limits.
    /// - Throws: ``EventsError`` with the code ``EventsError/Code/taskFailed`` and the handler's message when it failed.
    public func submit<Input, Output>(
        _ name: TaskName<Input, Output>, with input: Input, agentID: String? = nil, queue: String = "default",
        priority: Int = 0, timeLimit: Duration? = nil, adjust: (inout TaskSubmission) -> Void = { _ in }
    ) async throws -> Output {
        let parts = try self.runningParts
        var submission = TaskSubmission(
            agentID: agentID ?? TaskRoute.agentID(ofTasksNamed: name.rawValue), queue: queue, name: name.rawValue,
            payload: try HandlerOutput.value(of: input), priority: priority, timeLimit: timeLimit)
        adjust(&submission)
        switch try await parts.submit(submission) {
        case .completed(let result): return try HandlerOutput.decode(Output.self, from: result.value)
        case .failed(let failure): throw EventsError(.taskFailed, failure.message, cause: failure)
        case .cancelled(let reason): throw EventsError(.taskFailed, reason)
        }
    }
}
