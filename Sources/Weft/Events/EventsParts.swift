// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Logging
import WeftPlatform
import WeftProtocol

/// What runs below an ``Events``: the node, its worker, and when embedded the coordinator.
final class EventsParts: Sendable {
    let node: Node
    /// The node's control address.
    let endpoint: String
    private let http: HTTPClient
    private let coordinator: Coordinator?
    private let worker: Worker
    private let coordinatorRun: Task<Void, Never>?
    private let workerRun: Task<Void, Never>

    /// Starts the parts, and returns when tasks can come.
    static func start(_ events: Events, registry: HandlerRegistry) async throws -> EventsParts {
        do {
            let node = try await self.startNode(of: events)
            let endpoint = await node.members().first?.record.control ?? ""
            let parts: EventsParts
            do {
                parts = try EventsParts(events, registry: registry, node: node, endpoint: endpoint)
            } catch {
                await node.stop()
                throw error
            }
            do {
                try await parts.waitUntilRegistered()
                return parts
            } catch {
                await parts.drain()
                await parts.leave()
                throw error
            }
        } catch {
            try Task.checkCancellation()
            // Why a part could not go on says more than that it has stopped.
            let reason = events.ended.failure ?? error
            throw EventsError(.startFailed, "\(reason)", cause: reason)
        }
    }

    private static func startNode(of events: Events) async throws -> Node {
        let node = Node(configuration: events.configuration.nodeSettings(bus: events.bus, logger: events.logger))
        try await node.start()
        return node
    }

    private init(
        _ events: Events, registry: HandlerRegistry, node: Node, endpoint: String
    ) throws {
        let configuration = events.configuration
        self.node = node
        self.endpoint = endpoint
        let http = HTTPClient()
        self.http = http
        let worker = try Worker(node: node, runner: registry, configuration: configuration.workerSettings)
        self.worker = worker
        if case .embedded(let platform) = configuration.placement {
            var connection = configuration.connection
            connection.logger = connection.logger ?? events.logger
            let coordinator = try Coordinator(
                node: node, ledger: configuration.ledger ?? InMemoryLedger(),
                platform: platform.map {
                    CoordinatorPlatform(
                        client: PlatformClient(configuration: $0, http: http),
                        agentIDs: $0.agentIDs + registry.platformAgentIDs, connection: connection)
                },
                configuration: configuration.coordinatorSettings)
            self.coordinator = coordinator
            // Not children of anything: they live until `drain`, which awaits them.
            self.coordinatorRun = Task { await Self.watch(events) { try await coordinator.run() } }
        } else {
            self.coordinator = nil
            self.coordinatorRun = nil
        }
        // Not a child of the call, which is answered at once, before the node that answers it has left.
        node.onDrain { [weak events] in Task { await events?.stop() } }
        self.workerRun = Task { await Self.watch(events) { try await worker.run() } }
    }

    /// Runs a part; when it can't go on, the whole can't.
    private static func watch(_ events: Events, _ run: () async throws -> Void) async {
        do {
            try await run()
        } catch {
            events.ended.fire(.failure(EventsError(.connectionLost, "\(error)", cause: error)))
        }
    }

    private func waitUntilRegistered() async throws {
        try await withTaskCancellationHandler {
            try await self.worker.waitUntilRegistered()
            try await self.coordinator?.waitUntilRegistered()
            try Task.checkCancellation()
        } onCancel: {
            // A cancellation handler cannot wait; what is asked for here ends the waits above.
            Task {
                await self.coordinator?.requestStop()
                await self.worker.stop()
            }
        }
    }

    /// Takes no more tasks, and returns when those that run have ended and the platform knows.
    func drain() async {
        // The coordinator first: it closes the streams, waits for the tasks and brings the reports to the platform.
        await self.coordinator?.requestStop()
        await self.coordinatorRun?.value
        await self.worker.stop()
        await self.workerRun.value
    }

    /// Leaves the mesh.
    func leave() async {
        await self.node.stop()
        await self.http.shutdown()
    }

    /// Submits a task, to the coordinator here or elsewhere, and waits for its end.
    func submit(_ submission: TaskSubmission) async throws -> TaskOutcome {
        try await self.node.submit(submission).outcome()
    }
}
