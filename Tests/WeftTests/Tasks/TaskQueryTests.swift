// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import WeftBus
import WeftProtocol
import WeftValue

@testable import Weft

/// What any node may ask about tasks, over real sockets.
@Suite(.timeLimit(.minutes(2)))
struct TaskQueryTests {
    /// Runs a coordinator on one node, and `body` with another one that asks.
    private static func asking(
        ledger: any Ledger = InMemoryLedger(),
        _ body: @escaping @Sendable (_ node: Node, Coordinator) async throws -> Void
    ) async throws {
        @Sendable func settings(_ name: String, _ seeds: [String]) -> Node.Configuration {
            var logger = Logger(label: name)
            logger.logLevel = .error
            return Node.Configuration(name: name, seeds: seeds, bus: EventBus(), logger: logger)
        }
        try await Node.with(settings("coordinator", [])) { home in
            let coordinator = try Coordinator(node: home, ledger: ledger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await coordinator.run() }
                try await coordinator.waitUntilStarted()
                let seed = try #require(home.controlAddress)
                try await Node.with(settings("asking", [seed])) { try await body($0, coordinator) }
                await coordinator.requestStop()
                try await group.waitForAll()
            }
        }
    }

    @Test func aListComesInPagesThatAreBoundedInBytesAndMissNothing() async throws {
        try await Self.asking { node, coordinator in
            let payload = Value.string(String(repeating: "x", count: 4000))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1500 {
                    group.addTask {
                        _ = try await coordinator.submit(TaskSubmission(id: "t-\(number)", payload: payload))
                    }
                }
                try await group.waitForAll()
            }
            var filter = TaskFilter(limit: 1_000_000)
            var pages = 0
            var ids: [String] = []
            repeat {
                let page = try await node.tasks(matching: filter)
                #expect(page.tasks.count <= TaskCalls.pageRecords)
                #expect(page.tasks.reduce(0) { $0 + TaskCalls.approximateBytes(of: $1) } <= TaskCalls.pageBytes)
                #expect(page.shortened.isEmpty)
                ids += page.tasks.map(\.task.id)
                pages += 1
                filter.after = page.next
            } while filter.after != nil
            #expect(ids.count == 1500)
            #expect(Set(ids).count == 1500)
            #expect(pages >= 2)
        }
    }

    @Test func aLargeTaskIsNamedInAListAndWholeOnItsOwn() async throws {
        try await Self.asking { node, _ in
            let payload = Value.string(String(repeating: "x", count: 5 << 20))
            _ = try await node.submit(TaskSubmission(id: "large", payload: payload))
            let page = try await node.tasks(matching: TaskFilter(states: [.queued]))
            #expect(page.tasks.map(\.task.id) == ["large"])
            #expect(page.tasks.first?.task.payload == .null)
            #expect(page.shortened == ["large"])
            #expect(try await node.task("large").task.payload == payload)
        }
    }

    @Test func aRequestAboutSeveralTasksSaysWhatBecameOfEach() async throws {
        try await Self.asking { node, _ in
            for id in ["a", "b"] { _ = try await node.submit(TaskSubmission(id: id, payload: .null)) }
            let reports = try await node.cancelTasks(["a", "nosuch", "b"], reason: "enough")
            #expect(reports.map(\.id) == ["a", "nosuch", "b"])
            #expect(reports.map(\.state) == [.cancelled, nil, .cancelled])
            #expect(reports[1].refusal?.code == .unknown)
            #expect(try await node.task("a").status.outcome == .cancelled(reason: "enough"))
            let again = await #expect(throws: TaskRefusal.self) { try await node.cancelTask("a", reason: "twice") }
            #expect(again?.code == .invalid)
            #expect(try await node.retryTask("a") == .queued)
            let many = try await node.retryTasks((0..<2300).map { "none-\($0)" })
            #expect(many.count == 2300 && many.allSatisfy { $0.refusal?.code == .unknown })
            let letter = await #expect(throws: TaskRefusal.self) { try await node.requeue("b") }
            #expect(letter?.code == .invalid)
            let drop = await #expect(throws: TaskRefusal.self) { try await node.drop("b") }
            #expect(drop?.code == .invalid)
        }
    }

    @Test func whatACancelSaidIsInTheLedger() async throws {
        let ledger = InMemoryLedger()
        try await Self.asking(ledger: ledger) { node, _ in
            _ = try await node.submit(TaskSubmission(id: "a", payload: .null))
            #expect(try await node.cancelTask("a", reason: "enough") == .cancelled)
            #expect(try await ledger.task("a")?.status.state == .cancelled)
        }
    }

    @Test func nonsenseInACallIsNamedAndCostsNothing() async throws {
        try await Self.asking { (node, _) async throws -> Void in
            for (method, body) in [
                ("task.list", Value.null), ("task.list", ["f": ["s": "all"]]), ("task.list", ["f": ["l": 0]]),
                ("task.list", ["f": ["l": 5, "c": "x"]]), ("task.cancel", [:]), ("task.retry", ["i": ""]),
                ("dead.drop", ["l": [1]]), ("dead.requeue", ["l": .array(Array(repeating: "a", count: 1001))]),
            ] {
                let error = await #expect(throws: NodeError.self) {
                    try await node.request(to: .coordinator, method, body)
                }
                #expect(error?.code == .remote)
                #expect(error?.message.isEmpty == false)
            }
            let page = try await node.tasks(matching: TaskFilter())
            #expect(page.tasks.isEmpty)
        }
    }
}
