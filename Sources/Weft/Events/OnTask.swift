// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// A handler of tasks.
///
/// ```swift
/// let events = try Events {
///     OnTask { task in "Hello, \(task.input.text)" }
/// }
/// ```
///
/// A handler takes the task and gives back what came of it. What it may return, and what the platform then sees, which
/// is always a string:
///
/// | returned | result | status |
/// | --- | --- | --- |
/// | ``AgentTask`` | what the handler has set | what the handler has set, else `completed` |
/// | ``TaskResult`` | its value | its status, else `completed` |
/// | `String` | the string | `completed` |
/// | any other `Encodable` value (dictionaries, arrays, your types) | its JSON text | `completed` |
/// | nothing | the empty string | `completed` |
/// | throws | the error's message, without type or trace | `error` |
///
/// Throw ``TaskFailure`` to forbid another attempt or to ask for one. A handler whose closure does not suspend is
/// *synchronous*: it runs on a thread of its own pool (``Events/Configuration/maxSyncWorkers``) and may block. All others
/// are asynchronous. Both must look at `Task.isCancelled` if they run for long.
public struct OnTask: Sendable {
    let handler: TaskHandler

    init(_ handler: TaskHandler) {
        self.handler = handler
    }

    // Handlers are `@concurrent` and not `@isolated(any)`, because the latter refuses plain `async` functions of modules
    // that enable NonisolatedNonsendingByDefault. A handler declared on an actor still runs there.

    /// Handles tasks with an asynchronous function whose value is the result.
    public init<Output: Encodable & Sendable>(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @concurrent @Sendable (AgentTask) async throws -> Output
    ) {
        self.init(
            TaskHandler(
                options: options, place: "\(fileID):\(line)",
                body: .asynchronous { try HandlerOutput.result(of: try await perform($0.task()), for: $0) }))
    }

    /// Handles tasks with a synchronous function whose value is the result.
    public init<Output: Encodable & Sendable>(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @Sendable (AgentTask) throws -> Output
    ) {
        self.init(
            TaskHandler(
                options: options, place: "\(fileID):\(line)",
                body: .synchronous { try HandlerOutput.result(of: try perform($0.task()), for: $0) }))
    }

    /// Handles tasks with an asynchronous function that has no result.
    public init(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @concurrent @Sendable (AgentTask) async throws -> Void
    ) {
        self.init(
            TaskHandler(
                options: options, place: "\(fileID):\(line)",
                body: .asynchronous {
                    try await perform($0.task())
                    return HandlerOutput.nothing
                }))
    }

    /// Handles tasks with a synchronous function that has no result.
    public init(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @Sendable (AgentTask) throws -> Void
    ) {
        self.init(
            TaskHandler(
                options: options, place: "\(fileID):\(line)",
                body: .synchronous {
                    try perform($0.task())
                    return HandlerOutput.nothing
                }))
    }

    /// Handles typed tasks from `submit` with an asynchronous function.
    public init<Input, Output>(
        _ name: TaskName<Input, Output>, options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID,
        line: UInt = #line, perform: @escaping @concurrent @Sendable (Input, TaskContext) async throws -> Output
    ) {
        self.init(
            TaskHandler(
                options: options, taskName: name.rawValue, place: "\(fileID):\(line)",
                body: .asynchronous {
                    let input = try HandlerOutput.input(Input.self, of: $0.request)
                    return TaskResult(try HandlerOutput.value(of: try await perform(input, $0.context)))
                }))
    }

    /// Handles typed tasks from `submit` with a synchronous function.
    public init<Input, Output>(
        _ name: TaskName<Input, Output>, options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID,
        line: UInt = #line, perform: @escaping @Sendable (Input, TaskContext) throws -> Output
    ) {
        self.init(
            TaskHandler(
                options: options, taskName: name.rawValue, place: "\(fileID):\(line)",
                body: .synchronous {
                    let input = try HandlerOutput.input(Input.self, of: $0.request)
                    return TaskResult(try HandlerOutput.value(of: try perform(input, $0.context)))
                }))
    }
}
