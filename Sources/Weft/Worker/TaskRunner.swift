// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol

/// What a worker runs tasks with: registered handlers, or a program (`--exec`).
public protocol TaskRunner: Sendable {
    /// The agents whose tasks this runner takes; empty for tasks of any agent.
    var agentIDs: [String] { get }

    /// How long this runner lets an attempt run, when that may be less than the attempt's own limit; nil for as long as that.
    func timeLimit(of request: TaskRequest) -> Duration?

    /// Runs one attempt to its end; it is cancelled (`Task.isCancelled`) when the task is, or when its lease is lost.
    func run(_ request: TaskRequest, context: TaskContext) async -> TaskOutcome
}

extension TaskRunner {
    /// As long as the attempt itself may run.
    public func timeLimit(of request: TaskRequest) -> Duration? { nil }
}
