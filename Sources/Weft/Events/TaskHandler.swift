// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

/// A registered handler with its types erased.
struct TaskHandler: Sendable {
    enum Body: Sendable {
        case asynchronous(@concurrent @Sendable (HandlerCall) async throws -> TaskResult)
        case synchronous(@Sendable (HandlerCall) throws -> TaskResult)
    }

    var options: TaskOptions
    /// The name of the typed tasks it takes; nil for the platform's and for submitted ones without a name.
    var taskName: String?
    /// Where it was registered, for error messages.
    let place: String
    let body: Body

    init(options: TaskOptions, taskName: String? = nil, place: String, body: Body) {
        self.options = options
        self.taskName = taskName
        self.place = place
        self.body = body
    }

    /// Whether `call` is for this handler.
    func takes(_ call: HandlerCall) -> Bool {
        guard self.taskName == call.request.name else { return false }
        if let queue = self.options.queue, queue != call.request.queue { return false }
        // A submitted task need not name an agent; then whoever takes tasks of that kind may have it.
        if let wanted = self.options.agentID, let given = call.request.agentID, wanted != given { return false }
        guard let condition = self.options.condition else { return true }
        guard let task = try? call.task() else { return false }
        return condition(task)
    }
}
