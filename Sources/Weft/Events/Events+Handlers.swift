// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol

// The handlers of `OnTask` as methods, for programs that register one by one.
extension Events {
    /// Adds a handler of tasks before the start; see ``OnTask`` for what it may return.
    public func onTask<Output: Encodable & Sendable>(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @concurrent @Sendable (AgentTask) async throws -> Output
    ) {
        self.register { OnTask(options: options, fileID: fileID, line: line, perform: perform) }
    }

    /// Adds a synchronous handler of tasks before the start.
    public func onTask<Output: Encodable & Sendable>(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @Sendable (AgentTask) throws -> Output
    ) {
        self.register { OnTask(options: options, fileID: fileID, line: line, perform: perform) }
    }

    /// Adds a handler of tasks that has no result before the start.
    public func onTask(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @concurrent @Sendable (AgentTask) async throws -> Void
    ) {
        self.register { OnTask(options: options, fileID: fileID, line: line, perform: perform) }
    }

    /// Adds a synchronous handler of tasks that has no result before the start.
    public func onTask(
        options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID, line: UInt = #line,
        perform: @escaping @Sendable (AgentTask) throws -> Void
    ) {
        self.register { OnTask(options: options, fileID: fileID, line: line, perform: perform) }
    }

    /// Adds a handler of typed tasks before the start.
    public func onTask<Input, Output>(
        _ name: TaskName<Input, Output>, options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID,
        line: UInt = #line, perform: @escaping @concurrent @Sendable (Input, TaskContext) async throws -> Output
    ) {
        self.register { OnTask(name, options: options, fileID: fileID, line: line, perform: perform) }
    }

    /// Adds a synchronous handler of typed tasks before the start.
    public func onTask<Input, Output>(
        _ name: TaskName<Input, Output>, options: TaskOptions = TaskOptions(), fileID: StaticString = #fileID,
        line: UInt = #line, perform: @escaping @Sendable (Input, TaskContext) throws -> Output
    ) {
        self.register { OnTask(name, options: options, fileID: fileID, line: line, perform: perform) }
    }

    /// Adds a boot handler before the start; see ``OnBoot``.
    public func onBoot(perform: @escaping @concurrent @Sendable () async throws -> Void) {
        self.register { OnBoot(perform: perform) }
    }

    /// Adds a shutdown handler before the start; see ``OnShutdown``.
    public func onShutdown(perform: @escaping @concurrent @Sendable () async throws -> Void) {
        self.register { OnShutdown(perform: perform) }
    }

    /// Serves one more agent: its handlers are those of `components` that name no agent themselves.
    ///
    /// ```swift
    /// events.registerAgentWorker("agt_support") { OnTask { task in "We are on it" } }
    /// events.registerAgentWorker("agt_billing") { OnTask { task in try await bill(task.input.text) } }
    /// ```
    public func registerAgentWorker(_ agentID: String, @EventsBuilder _ components: () -> [EventsComponent]) {
        let components = components().map { component -> EventsComponent in
            guard case .task(var handler) = component.kind else { return component }
            handler.options.agentID = handler.options.agentID ?? agentID
            return EventsComponent(kind: .task(handler))
        }
        self.register { components }
    }
}
