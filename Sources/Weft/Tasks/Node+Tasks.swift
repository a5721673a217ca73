// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
public import WeftProtocol
import WeftValue

extension Node {
    /// Hands a task to the coordinator; when this returns, it is in the ledger.
    ///
    /// Without a coordinator it waits for one, and a typed task that names no agent waits for a worker with a handler of its
    /// name. Submitting is repeated when an answer is lost, which the task's id makes harmless.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - limit: How long to wait for a coordinator that takes it.
    /// - Throws: ``TaskRefusal`` when the task is not taken, and ``TaskPlaneFailure`` with code `noCoordinator` when there is nobody to take it.
    public func submit(_ task: TaskSubmission, within limit: Duration = .seconds(30)) async throws -> TaskReceipt {
        // Short calls, since one that a coordinator took to its grave is only worth repeating.
        var task = task
        if task.agentID == nil, let name = task.name { task.agentID = TaskRoute.agentID(ofTasksNamed: name) }
        let answer = try await self.callCoordinator("task.submit", task.value, until: .now + limit) { left in
            min(left, TaskDefaults.submitTimeout)
        }
        guard let state = answer.stringValue.flatMap(TaskState.init(rawValue:)) else {
            throw TaskRefusal(.unavailable, "The coordinator's answer cannot be read; it may run another version.")
        }
        return TaskReceipt(id: task.id, state: state, node: self)
    }

    /// A task's record, finished or not.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - limit: How long to wait for a coordinator.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task.
    public func task(_ id: String, within limit: Duration = .seconds(10)) async throws -> TaskRecord {
        try TaskRecord(
            value: try await self.callCoordinator("task.status", ["i": .string(id)], until: .now + limit) { _ in limit }
        )
    }

    /// Cancels a task: at once when nobody runs it, otherwise as soon as its handler has stopped.
    ///
    /// - Parameters:
    ///   - id: The task's id.
    ///   - reason: Why.
    ///   - limit: How long to wait for a coordinator.
    /// - Returns: Where the task is in its life now: `cancelled`, or still with its worker.
    /// - Throws: ``TaskRefusal`` with code `unknown` when there is no such task, and `invalid` when it has ended.
    @discardableResult
    public func cancelTask(
        _ id: String, reason: String, within limit: Duration = .seconds(10)
    ) async throws -> TaskState {
        let answer = try await self.callCoordinator(
            "task.cancel", ["i": .string(id), "m": .string(reason)], within: limit)
        return answer.stringValue.flatMap(TaskState.init(rawValue:)) ?? .cancelled
    }

    /// How the coordinator stands: its tasks, workers and counters.
    ///
    /// - Parameter limit: How long to wait for a coordinator.
    public func coordinatorStatus(within limit: Duration = .seconds(10)) async throws -> Value {
        try await self.callCoordinator("coordinator.status", .null, until: .now + limit) { _ in limit }
    }

    func taskRecord(_ id: String, awaitingEndWithin limit: Duration?) async throws -> TaskRecord {
        let deadline = limit.map { MonotonicTime.now + $0 }
        while true {
            let poll = min(.seconds(20), deadline.map { $0 - .now } ?? .seconds(20))
            let body: Value = ["i": .string(id), "t": max(poll, .zero).microseconds]
            // Between two coordinators there may be none for a while.
            let until = deadline ?? .now + .seconds(365 * 24 * 3600)
            do {
                let record = try TaskRecord(
                    value: try await self.callCoordinator("task.wait", body, until: until) { _ in poll + .seconds(5) })
                if record.status.state.isFinal { return record }
            } catch let failure as TaskPlaneFailure where failure.code == .noCoordinator && limit != nil {
                // The last call ends with the limit, so its missing answer says no more than that the time is over.
            }
            if let deadline, deadline <= .now {
                throw TaskPlaneFailure(.timedOut, "Task \(id) has not ended within \(limit ?? .zero).")
            }
        }
    }

    func callCoordinator(_ method: String, _ body: Value, within limit: Duration) async throws -> Value {
        try await self.callCoordinator(method, body, until: .now + limit) { _ in limit }
    }

    /// Calls the coordinator, and calls again while there is none or the answer got lost.
    private func callCoordinator(
        _ method: String, _ body: Value, until deadline: MonotonicTime, timeout: (Duration) -> Duration
    ) async throws -> Value {
        var pause = Duration.milliseconds(50)
        while true {
            let left = deadline - .now
            do throws(NodeError) {
                return try await self.requestCoordinator(
                    method, body, timeout: max(.milliseconds(100), min(timeout(left), left)))
            } catch {
                if error.code == .remote, let refusal = Self.refusal(error) { throw refusal }
                let isLost = [.noMember, .gone, .timeout, .remote].contains(error.code)
                guard isLost, deadline > .now, !Task.isCancelled else {
                    guard isLost else { throw error }
                    if let refusal = Self.trouble(error) { throw refusal }
                    throw TaskPlaneFailure(
                        .noCoordinator,
                        "No coordinator has answered in time: \(error.message). Start one with \"weft coordinator\", or wait longer."
                    )
                }
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// What a coordinator that is there had to say to the end; nil when nobody was there.
    private static func trouble(_ error: NodeError) -> TaskRefusal? {
        let codes = [TaskRefusal.Code.unavailable, .undecided]
        guard error.code == .remote, let code = codes.first(where: { $0.description == error.remoteLabel }) else {
            return nil
        }
        return TaskRefusal(code, error.message)
    }

    /// What the coordinator refused for good; nil for what may be tried again.
    private static func refusal(_ error: NodeError) -> TaskRefusal? {
        switch error.remoteLabel {
        case "noMethod"?, "busy"?, TaskRefusal.Code.unavailable.description?, TaskRefusal.Code.draining.description?,
            TaskRefusal.Code.undecided.description?:
            nil
        case let label?:
            TaskRefusal(TaskRefusal.Code(named: label), error.message)
        case nil:
            nil
        }
    }
}
