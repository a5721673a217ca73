// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue

@testable import Weft

/// Events that become tasks, over real sockets.
@Suite(.timeLimit(.minutes(2)))
struct TaskTriggerTests {
    private static let trigger = TaskTrigger(
        name: "mail", on: "order:*", task: TaskSubmission(queue: "letters", payload: .null, priority: 3))

    private static func settings(_ name: String, _ seeds: [String] = []) -> Node.Configuration {
        var logger = Logger(label: name)
        logger.logLevel = .error
        return Node.Configuration(name: name, seeds: seeds, bus: EventBus(), logger: logger)
    }

    /// Runs a coordinator with the trigger.
    private static func coordinating(
        _ node: Node, _ ledger: any Ledger = InMemoryLedger(), triggers: [TaskTrigger] = [trigger],
        _ body: @escaping @Sendable (Coordinator) async throws -> Void
    ) async throws {
        var configuration = CoordinatorConfiguration()
        configuration.triggers = triggers
        configuration.drainDeadline = .zero
        let coordinator = try Coordinator(node: node, ledger: ledger, configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await coordinator.run() }
            try await coordinator.waitUntilStarted()
            try await body(coordinator)
            await coordinator.requestStop()
            try await group.waitForAll()
        }
    }

    /// Waits until the coordinator has made so many tasks, and returns those of the queue.
    private static func tasks(_ count: Int, of coordinator: Coordinator) async throws -> [TaskRecord] {
        let reached = await coordinator.waitUntil(within: .seconds(60)) {
            $0.dispatcher?.counters.accepted ?? 0 >= count
        }
        try #require(reached)
        var filter = TaskFilter()
        filter.queue = "letters"
        return try await coordinator.tasks(matching: filter).tasks
    }

    @Test func anEventFromElsewhereBecomesOneTaskThatCarriesIt() async throws {
        try await Node.with(Self.settings("coordinator")) { home in
            try await Self.coordinating(home) { coordinator in
                let seed = try #require(home.controlAddress)
                try await Node.with(Self.settings("shop", [seed])) { shop in
                    _ = await shop.bus.emit("order:created", values: ["o-1", ["total": 42]])
                    _ = await shop.bus.emit("weather:changed", values: [])
                    _ = await shop.bus.emit("order:paid", values: ["o-1"])
                    let records = try await Self.tasks(2, of: coordinator).sorted { $0.task.id < $1.task.id }
                    #expect(records.map(\.task.id) == ["mail-\(shop.id)-1", "mail-\(shop.id)-3"])
                    let task = try #require(records.first?.task)
                    #expect(task.payload["name"] == "order:created" && task.payload["sequence"] == 1)
                    #expect(task.payload["arguments"] == ["o-1", ["total": 42]])
                    #expect(task.payload["origin"] == .string(shop.id.description))
                    #expect(task.priority == 3 && task.source == .submit)
                }
            }
        }
    }

    @Test func aCoordinatorThatWasAwayMakesUpForWhatItMissedAndRepeatsNothing() async throws {
        let ledger = InMemoryLedger()
        try await Node.with(Self.settings("coordinator")) { home in
            try await Self.coordinating(home, ledger) { coordinator in
                _ = await home.bus.emit("order:created", values: [1])
                _ = try await Self.tasks(1, of: coordinator)
            }
            _ = await home.bus.emit("order:created", values: [2])
            try await Self.coordinating(home, ledger) { coordinator in
                let records = try await Self.tasks(1, of: coordinator)
                #expect(Set(records.map(\.task.payload["arguments"])) == [[1], [2]])
                let isRepeated = await coordinator.waitUntil(within: .seconds(60)) {
                    $0.dispatcher?.counters.repeated == 1
                }
                #expect(isRepeated)
            }
        }
    }

    @Test func anEventThatIsNotMirroredBecomesNoTask() async throws {
        try await Node.with(Self.settings("coordinator")) { home in
            try await Self.coordinating(home) { coordinator in
                _ = await home.bus.emitLocal(EventKey<Int>("order:secret"), 1)
                _ = await home.bus.emit("order:created", values: [2])
                let records = try await Self.tasks(1, of: coordinator)
                #expect(records.map(\.task.payload["arguments"]) == [[2]])
            }
        }
    }
}
