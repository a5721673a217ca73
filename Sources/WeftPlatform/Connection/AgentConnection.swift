// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Locking
import Logging
import ServerSentEvents

/// Serves one agent at the platform: keeps its stream open, reads what comes, sends heartbeats and capacity.
///
/// It is driven by its reader and has one reader at a time. It lives as long as it is read: cancelling the reading task,
/// or ``cancel()``, closes the stream, and with it the worker leaves.
public final class AgentConnection: AsyncSequence, Sendable {
    /// What the sequence consists of.
    public typealias Element = AgentConnectionElement

    /// The sequence reports failures as elements.
    public typealias Failure = Never

    /// The agent that is served.
    public let agentID: String

    private let source: EventSource
    private let messenger: WorkerMessenger
    private let logger: Logger?
    private let messages = Locked<Task<Void, Never>?>(nil)
    private let isOver = Locked(false)

    /// Creates a connection, which opens its stream when the first element is asked for.
    public init(agentID: String, client: PlatformClient, configuration: Configuration = .init()) {
        self.agentID = agentID
        self.logger = configuration.logger
        let source = client.http.eventSource(
            .init(
                url: client.configuration.addresses.workerStream(
                    agentID: agentID, environment: client.configuration.environment.rawValue),
                headers: ["x-api-key": client.configuration.apiKey.exposed],
                redirects: .sameOrigin, idleLimit: configuration.idleLimit, reconnect: configuration.reconnect))
        self.source = source
        self.messenger = WorkerMessenger(
            client: client, agentID: agentID, interval: configuration.heartbeatInterval,
            registrationLimit: configuration.registrationLimit, reopen: { [weak source] in source?.reconnect() },
            onFailure: configuration.onMessageFailure)
    }

    deinit {
        self.cancel()
    }

    /// How many heartbeats and capacity messages have failed.
    public var messageFailures: UInt64 { self.messenger.failures }

    /// Says whether a further task could be run; changes are told to the platform, one at a time and in order.
    public func setBusy(_ isBusy: Bool) {
        self.messenger.set(isBusy: isBusy)
    }

    /// Closes the stream and opens it again, which registers anew.
    public func reconnect() {
        self.source.reconnect()
    }

    /// Closes the stream and ends the sequence.
    public func cancel() {
        self.isOver.withLock { $0 = true }
        self.source.cancel()
        self.messages.withLock { $0.take() }?.cancel()
    }

    /// Starts reading, or goes on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(connection: self, base: self.source.makeAsyncIterator())
    }

    /// Reads a connection.
    public struct Iterator: AsyncIteratorProtocol {
        let connection: AgentConnection
        var base: EventSource.Iterator

        /// The next element; nil after the last one and when the connection or the reading task is cancelled.
        public mutating func next() async -> AgentConnectionElement? {
            await self.next(isolation: nil)
        }

        /// The next element; nil after the last one and when the connection or the reading task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> AgentConnectionElement? {
            self.connection.startMessages()
            while let element = await self.base.next(isolation: actor) {
                if let result = self.connection.received(element) { return result }
            }
            self.connection.cancel()
            return nil
        }
    }

    /// Heartbeats must go on while the reader is busy with an element, and an asynchronous sequence has no scope in
    /// which a child task could live; so this one is kept here and ends with the connection.
    private func startMessages() {
        let isOver = self.isOver.withLock { $0 }
        self.messages.withLock { task in
            guard task == nil, !isOver else { return }
            task = Task { [messenger = self.messenger] in await messenger.run() }
        }
    }

    private func received(_ element: EventSourceElement) -> AgentConnectionElement? {
        switch element {
        case .opened:
            self.logger?.debug("Stream opened", metadata: ["agent.id": "\(self.agentID)"])
            self.messenger.opened()
            return nil
        case .event(let event):
            let result = AgentConnectionElement(event, agentID: self.agentID)
            switch result {
            case .registered(let record):
                // Only now has the connection been of use; failures before it count on.
                self.source.confirm()
                self.messenger.registered(record)
            case .conflict: self.cancel()
            case .unreadable(let taskID, let reason):
                self.logger?.info(
                    "Event skipped",
                    metadata: [
                        "agent.id": "\(self.agentID)", "task.id": "\(taskID ?? "unknown")",
                        "error.message": "\(reason)",
                    ])
            default: break
            }
            return result
        case .oversized(let name, _, let byteCount, let start):
            return .unreadable(
                taskID: name == "agent-execution" ? BrokenTask.id(in: start.utf8) : nil,
                reason: "an event \"\(name)\" of \(byteCount) bytes is larger than the limit")
        case .disconnected(let reason, let pause):
            self.messenger.disconnected()
            return .disconnected(reason: reason.message, retryIn: pause)
        case .refused(let status, let message, let pause):
            self.messenger.disconnected()
            return .refused(status: status, message: message, retryIn: pause)
        case .failed(let reason):
            self.cancel()
            return .ended(reason: reason.message)
        }
    }
}
