// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Locking
import Logging
import Testing
import WeftBus
import WeftProtocol
import WeftValue

@testable import Weft

/// Tasks across the nodes of a mesh, each with its own sockets.
@Suite(.timeLimit(.minutes(3)))
struct ClusterTests {
    private static func settings(_ name: String, seeds: [String] = []) -> Node.Configuration {
        var logger = Logger(label: name)
        logger.logLevel = .error
        return Node.Configuration(name: name, seeds: seeds, bus: EventBus(), logger: logger)
    }

    private static func address(of node: Node) async throws -> String {
        try #require(await node.members().first?.record.control)
    }

    /// Runs a coordinator on a node of its own around `body`.
    private static func withCoordinator<Result: Sendable>(
        ledger: any Ledger = InMemoryLedger(), seeds: [String] = [],
        _ body: @escaping @Sendable (Node, Coordinator) async throws -> Result
    ) async throws -> Result {
        try await Node.with(Self.settings("coordinator", seeds: seeds)) { node in
            let coordinator = try Coordinator(node: node, ledger: ledger)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await coordinator.run() }
                let result = try await body(node, coordinator)
                await coordinator.requestStop()
                try await group.waitForAll()
                return result
            }
        }
    }

    private static func withWorker<Result: Sendable>(
        _ name: String, join seed: String,
        handler: @escaping @Sendable (TaskRequest, TaskContext) async -> TaskOutcome,
        _ body: @escaping @Sendable (Node, Worker) async throws -> Result
    ) async throws -> Result {
        try await Node.with(Self.settings(name, seeds: [seed])) { node in
            let worker = try Worker(node: node, runner: ClosureRunner(agentIDs: [], body: handler))
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                let result = try await body(node, worker)
                await worker.stop()
                try await group.waitForAll()
                return result
            }
        }
    }

    @Test func aTaskSubmittedAtOneNodeIsRunAtAnother() async throws {
        let outcome = try await Self.withCoordinator { coordinatorNode, _ in
            let seed = try await Self.address(of: coordinatorNode)
            return try await Self.withWorker(
                "worker", join: seed,
                handler: { request, _ in
                    .completed(TaskResult(.string("ran \(request.payload.stringValue ?? "")")))
                }
            ) { _, _ in
                try await Node.with(Self.settings("submitter", seeds: [seed])) { node in
                    let receipt = try await node.submit(TaskSubmission(payload: "hello"))
                    return try await receipt.outcome(within: .seconds(20))
                }
            }
        }
        #expect(outcome == .completed(TaskResult("ran hello")))
    }

    @Test func submittingWaitsForACoordinator() async throws {
        try await Node.with(Self.settings("early")) { early in
            let seed = try await Self.address(of: early)
            let submission = Task { try await early.submit(TaskSubmission(id: "a", payload: 1)) }
            let id = try await Self.withCoordinator(seeds: [seed]) { _, _ in try await submission.value.id }
            #expect(id == "a")
        }
    }

    @Test func withoutACoordinatorSubmittingSaysSo() async throws {
        try await Node.with(Self.settings("alone")) { node in
            let failure = await #expect(throws: TaskPlaneFailure.self) {
                try await node.submit(TaskSubmission(payload: 1), within: .milliseconds(200))
            }
            #expect(failure?.code == .noCoordinator)
        }
    }

    @Test func anUnknownTaskIsRefusedByName() async throws {
        try await Self.withCoordinator { node, _ in
            let refusal = await #expect(throws: TaskRefusal.self) { try await node.task("nobody") }
            #expect(refusal?.code == .unknown)
        }
    }

    @Test func aNewCoordinatorAtTheSameLedgerGoesOnWithWhatWorkersHold() async throws {
        let ledger = InMemoryLedger()
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let (release, go) = AsyncStream.makeStream(of: Void.self)
        let runs = Locked(0)
        // Somebody who stays, so that the worker finds the second coordinator.
        try await Node.with(Self.settings("meeting")) { meeting in
            let seed = try await Self.address(of: meeting)
            try await Self.withWorker(
                "worker", join: seed,
                handler: { _, _ in
                    runs.withLock { $0 += 1 }
                    signal.yield()
                    for await _ in release { break }
                    return .completed(TaskResult("held through"))
                }
            ) { _, _ in
                try await Node.with(Self.settings("first", seeds: [seed])) { first in
                    let coordinator = try Coordinator(node: first, ledger: ledger)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try? await coordinator.run() }
                        try await coordinator.waitUntilStarted()
                        _ = try await first.submit(TaskSubmission(id: "a", payload: .null))
                        for await _ in began { break }
                        // No drain: as if its process had died.
                        group.cancelAll()
                    }
                }
                try await Self.withCoordinator(ledger: ledger, seeds: [seed]) { node, coordinator in
                    _ = await coordinator.waitUntil(within: .seconds(20)) { coordinator in
                        coordinator.dispatcher?.counters.reclaimed == 1
                    }
                    go.yield()
                    let record = try await node.taskRecord("a", awaitingEndWithin: .seconds(20))
                    #expect(record.status.outcome == .completed(TaskResult("held through")))
                    #expect(record.status.attempt == 1)
                }
            }
        }
        #expect(runs.withLock { $0 } == 1)
    }

    @Test func tasksAreAnnouncedOnTheCoordinatorsBus() async throws {
        try await Self.withCoordinator { node, _ in
            let seed = try await Self.address(of: node)
            let events = node.bus.records(matching: "weft:task-ended")
            try await Self.withWorker("worker", join: seed, handler: { _, _ in .completed(TaskResult("x")) }) { _, _ in
                _ = try await node.submit(TaskSubmission(id: "a", payload: .null))
                for await record in events {
                    #expect(try record.values() == ["a", "completed", 1])
                    break
                }
            }
        }
    }
}
