// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import WeftPlatform
public import WeftProtocol
public import WeftValue

/// A task made up on the spot, to try a handler without a platform, a cluster or any network.
///
/// ```swift
/// let answer = try await LocalTaskTest(input: "What is Weft?", outputFormat: .json).run(OnTask { task in
///     ["answer": "A mesh of events", "question": task.input.text]
/// })
/// print(answer.result)   // {"answer":"A mesh of events","question":"What is Weft?"}
/// ```
public struct LocalTaskTest: Sendable {
    /// What came of a local test task.
    public struct Answer: Sendable {
        /// The outcome as a worker would report it.
        public let outcome: TaskOutcome
        /// The result as the platform would receive it; for a failed task the message.
        public let result: String
        /// The final status as the platform would receive it.
        public let status: String

        /// The result decoded from its JSON text.
        public func decoded<Result: Decodable>(as type: Result.Type) throws -> Result {
            try HandlerOutput.decode(type, from: try Value(json: self.result))
        }
    }

    /// The input of the task.
    public var input: TaskInput
    /// The format that the result should have.
    public var outputFormat: OutputFormat?
    /// The JSON schema that the result should follow.
    public var outputSchema: Value?
    /// The agent whose handler is tried; nil for any.
    public var agentID: String?

    /// Creates a test task with a text as its input.
    public init(
        input text: String, files: [String] = [], outputFormat: OutputFormat? = nil,
        outputSchema: Value? = nil, agentID: String? = nil
    ) {
        self.init(
            input: TaskInput(text: text, files: files), outputFormat: outputFormat, outputSchema: outputSchema,
            agentID: agentID)
    }

    /// Creates a test task.
    public init(
        input: TaskInput, outputFormat: OutputFormat? = nil, outputSchema: Value? = nil, agentID: String? = nil
    ) {
        self.input = input
        self.outputFormat = outputFormat
        self.outputSchema = outputSchema
        self.agentID = agentID
    }

    /// Runs the task with `handler`.
    ///
    /// - Throws: ``EventsError`` when the handler can't be registered. A handler that fails makes an answer with the
    ///   status `error`.
    public func run(_ handler: OnTask) async throws -> Answer {
        try await self.run(
            HandlerRegistry(
                handlers: [handler.handler], defaultAgentID: self.agentID, syncWorkers: SyncWorkers(count: 1)))
    }

    /// Runs the task with whichever handler of `events` takes it; `events` needn't be started, and isn't.
    ///
    /// - Throws: ``EventsError`` when the handlers contradict each other.
    public func run(on events: Events) async throws -> Answer {
        try await self.run(
            HandlerRegistry(
                handlers: events.taskHandlers, defaultAgentID: events.configuration.agentID,
                syncWorkers: SyncWorkers(count: 1)))
    }

    func run(_ registry: HandlerRegistry) async throws -> Answer {
        let request = self.request
        let outcome = await registry.run(request, context: TaskContext(request: request))
        return switch outcome {
        case .completed(let result):
            Answer(outcome: outcome, result: result.text, status: result.status ?? "completed")
        case .failed(let failure): Answer(outcome: outcome, result: failure.message, status: "error")
        case .cancelled(let reason): Answer(outcome: outcome, result: reason, status: "stopped")
        }
    }

    private var request: TaskRequest {
        let id = UUID().uuidString.lowercased()
        let task = PlatformTask(
            id: id, agentID: self.agentID ?? "local", organizationID: "local", input: self.input, createdAt: .now,
            outputFormat: self.outputFormat, outputSchema: self.outputSchema)
        return TaskRequest(id: id, source: .platform, agentID: self.agentID, payload: task.raw)
    }
}
