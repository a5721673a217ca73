// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftPlatform
import WeftProtocol
import WeftValue

/// The handlers of one program, as the worker runs them.
struct HandlerRegistry: TaskRunner {
    let agentIDs: [String]
    /// The agents that the platform is asked for: those that untyped handlers name.
    let platformAgentIDs: [String]
    private let handlers: [TaskHandler]
    private let syncWorkers: SyncWorkers

    /// Creates a registry.
    ///
    /// - Parameters:
    ///   - handlers: The handlers in the order in which they are asked.
    ///   - defaultAgentID: The agent of handlers that name none; nil when they take tasks of any agent.
    ///   - syncWorkers: The threads that synchronous handlers run on.
    /// - Throws: ``EventsError`` when there is no handler, or when one could never run because of another.
    init(handlers: [TaskHandler], defaultAgentID: String?, syncWorkers: SyncWorkers) throws(EventsError) {
        guard !handlers.isEmpty else {
            throw EventsError(.noHandlers, "No task handler is registered. Add an OnTask before the start.")
        }
        let handlers = handlers.map { handler in
            var handler = handler
            // Typed tasks are told apart by their names; they need no agent.
            if handler.taskName == nil { handler.options.agentID = handler.options.agentID ?? defaultAgentID }
            return handler
        }
        try Self.checkForDuplicates(handlers)
        self.handlers = handlers
        self.syncWorkers = syncWorkers
        let untyped = handlers.filter { $0.taskName == nil }.map(\.options.agentID)
        self.platformAgentIDs = Set(untyped.compactMap { $0 }).sorted()
        if untyped.contains(nil) {
            self.agentIDs = []
        } else {
            let routes = handlers.compactMap { $0.options.agentID ?? $0.taskName.map(TaskRoute.agentID(ofTasksNamed:)) }
            self.agentIDs = Set(routes).sorted()
        }
    }

    private static func checkForDuplicates(_ handlers: [TaskHandler]) throws(EventsError) {
        struct Key: Hashable {
            let agentID: String?
            let taskName: String?
            let queue: String?
        }
        var places: [Key: String] = [:]
        for handler in handlers where handler.options.condition == nil {
            let key = Key(
                agentID: handler.options.agentID, taskName: handler.taskName, queue: handler.options.queue)
            guard let first = places.updateValue(handler.place, forKey: key) else { continue }
            let what =
                if let name = handler.taskName { "tasks named '\(name)'" } else {
                    handler.options.agentID.map { "agent '\($0)'" } ?? "tasks of any agent"
                }
            throw EventsError(
                .duplicateHandler,
                """
                Two handlers without a condition are registered for \(what): \(first) and \(handler.place). The second \
                could never run. Remove one, or give each a condition ('when') or an agent of its own.
                """)
        }
    }

    func run(_ request: TaskRequest, context: TaskContext) async -> TaskOutcome {
        var call = HandlerCall(request: request, context: context)
        guard let handler = self.handlers.first(where: { $0.takes(call) }) else {
            return .failed(TaskFailure(self.reasonForNoHandler(request)))
        }
        call.outputFormat = handler.options.outputFormat
        guard let limit = Self.limit(of: handler, for: request) else {
            return await self.perform(handler, call)
        }
        var limited = request
        if handler.options.timeout == limit { limited.timeLimit = limit }
        return await self.perform(handler, call, within: limit, or: .timeLimit(of: limited))
    }

    private func reasonForNoHandler(_ request: TaskRequest) -> String {
        if let name = request.name {
            return "No handler takes tasks named '\(name)'. Register an OnTask for it."
        }
        return "No handler takes this task of agent '\(request.agentID ?? "none")'. Check the handlers' conditions."
    }

    /// The time limit that the handler itself has, so that the worker ends the attempt even when the handler doesn't.
    func timeLimit(of request: TaskRequest) -> Duration? {
        let call = HandlerCall(request: request, context: TaskContext(request: request))
        return self.handlers.first { $0.takes(call) }?.options.timeout
    }

    /// The nearer of the handler's own time limit and the attempt's.
    private static func limit(of handler: TaskHandler, for request: TaskRequest) -> Duration? {
        let left = request.deadline.map { deadline in
            // A date from outside may be centuries away; a day is as good as that, since the lease ends before.
            Duration.seconds(min(max(deadline.timeIntervalSinceNow, 0), 86_400))
        }
        return [handler.options.timeout, left].compactMap { $0 }.min()
    }

    private func perform(
        _ handler: TaskHandler, _ call: HandlerCall, within limit: Duration, or failure: TaskFailure
    ) async -> TaskOutcome {
        enum Step: Sendable {
            case ended(TaskOutcome), expired, timerStopped
        }
        return await withTaskGroup(of: Step.self) { group in
            group.addTask { .ended(await self.perform(handler, call)) }
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                    return .expired
                } catch {
                    return .timerStopped
                }
            }
            var hasExpired = false
            for await step in group {
                switch step {
                case .ended(let outcome):
                    group.cancelAll()
                    return hasExpired ? .failed(failure) : outcome
                case .expired:
                    // The slot stays taken until the handler has really stopped.
                    hasExpired = true
                    group.cancelAll()
                case .timerStopped:
                    continue
                }
            }
            return .cancelled(reason: "The worker is shutting down.")
        }
    }

    private func perform(_ handler: TaskHandler, _ call: HandlerCall) async -> TaskOutcome {
        do {
            let result =
                switch handler.body {
                case .asynchronous(let body): try await body(call)
                case .synchronous(let body): try await self.syncWorkers.run { try body(call) }
                }
            // A handler that was cancelled may return early with half of its work done: that is not completed.
            if Task.isCancelled { return .cancelled(reason: "The task was cancelled while it ran.") }
            return .completed(Self.withText(result, for: call))
        } catch {
            if Task.isCancelled { return .cancelled(reason: "The task was cancelled while it ran.") }
            return .failed(Self.failure(for: error))
        }
    }

    /// The result of an untyped task as the text that the platform takes.
    private static func withText(_ result: TaskResult, for call: HandlerCall) -> TaskResult {
        guard call.request.name == nil, let task = try? call.task() else { return result }
        var result = result
        result.value = .string(ResultText.make(result.value, format: task.outputFormat))
        return result
    }

    /// The failure that is reported for an error: its message, without type or trace.
    private static func failure(for error: any Error) -> TaskFailure {
        switch error {
        case let failure as TaskFailure: failure
        case let error as any LocalizedError where error.errorDescription != nil:
            TaskFailure(error.errorDescription ?? "")
        case is CancellationError:
            TaskFailure("The handler gave up with a CancellationError although the task was not cancelled.")
        default: TaskFailure("\(error)")
        }
    }
}
