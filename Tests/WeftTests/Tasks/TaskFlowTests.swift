// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Testing
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue

@testable import Weft

/// Many tasks at once, with a ledger that need not be waited for and with one that must be.
struct TaskFlowTests {
    /// A ledger of which the coordinator does not know that it need not be waited for.
    private final class PlainLedger: Ledger {
        let isDurable = true
        let inner = InMemoryLedger()

        func open() async throws -> LedgerState { try await self.inner.open() }
        func write(_ changes: [LedgerChange], epoch: TaskEpoch) async throws {
            try await self.inner.write(changes, epoch: epoch)
        }
        func task(_ id: String) async throws -> TaskRecord? { try await self.inner.task(id) }
        func tasks(matching filter: TaskFilter) async throws -> LedgerPage {
            try await self.inner.tasks(matching: filter)
        }
        func counts() async throws -> [TaskState: Int] { try await self.inner.counts() }
        func close() async {}
    }

    private static func ledger(_ isImmediate: Bool) -> any Ledger { isImmediate ? InMemoryLedger() : PlainLedger() }

    private static func tasks(_ count: Int) -> [TaskSubmission] {
        (0..<count).map { TaskSubmission(id: "task-\($0)", payload: .int(Int64($0))) }
    }

    @Test(arguments: [true, false])
    func everyTaskIsTakenAndItsEndComesOnce(isImmediate: Bool) async throws {
        let ledger = Self.ledger(isImmediate)
        try await TaskBench.run(ledger: ledger) { bench in
            try await bench.withWorker(
                "one", slots: 64, handler: { request, _ in .completed(TaskResult(request.payload)) }
            ) { worker in
                let flow = bench.coordinator.makeFlow()
                let answers = try await flow.submit(Self.tasks(1000))
                #expect(answers.count == 1000)
                for answer in answers { #expect(try answer.get() == .queued) }
                // Taken means written.
                for id in ["task-0", "task-999"] { #expect(try await ledger.task(id) != nil) }
                var results: [String: TaskOutcome?] = [:]
                while results.count < 1000, let ended = await flow.next() {
                    for record in ended {
                        #expect(results.updateValue(record.status.outcome, forKey: record.task.id) == nil)
                    }
                }
                #expect(results["task-7"] == .completed(TaskResult(7)))
                #expect(await worker.worker.counters.completed == 1000)
                #expect(try await ledger.task("task-7")?.status.state == .completed)
            }
        }
    }

    @Test(arguments: [true, false])
    func eachTaskHasItsOwnAnswer(isImmediate: Bool) async throws {
        try await TaskBench.run(ledger: Self.ledger(isImmediate)) { bench in
            let flow = bench.coordinator.makeFlow()
            let answers = try await flow.submit([
                TaskSubmission(id: "a", payload: 1), TaskSubmission(id: "a", payload: 1),
                TaskSubmission(id: "a", payload: 2), TaskSubmission(id: "b", payload: .null, after: ["nobody"]),
                TaskSubmission(id: "c", payload: .null, after: ["a"]),
            ])
            #expect(try answers[0].get() == .queued)
            #expect(try answers[1].get() == .queued)
            #expect(throws: TaskRefusal.self) { try answers[2].get() }
            #expect(throws: TaskRefusal.self) { try answers[3].get() }
            #expect(try answers[4].get() == .queued)
            #expect(await bench.coordinator.status?.unfinished == 2)
        }
    }

    @Test func aFlowEndsWithItsCoordinator() async throws {
        let flow = try await TaskBench.run(ledger: PlainLedger()) { bench in
            let flow = bench.coordinator.makeFlow()
            _ = try await flow.submit(Self.tasks(1))
            return flow
        }
        #expect(await flow.next() == nil)
        await #expect(throws: TaskRefusal.self) { try await flow.submit(Self.tasks(1)) }
    }

    /// Handlers that wait for each other run at once, as many as there are slots, though nothing but they make room.
    @Test func handlersThatWaitDoNotKeepOthersFromRunning() async throws {
        try await TaskBench.run { bench in
            let running = Locked(0)
            let all = Gate("all handlers")
            try await bench.withWorker(
                "one", slots: 40,
                handler: { _, _ in
                    running.withLock { $0 += 1 }
                    try? await all.pass()
                    return .completed(TaskResult(.null))
                }
            ) { _ in
                let flow = bench.coordinator.makeFlow()
                _ = try await flow.submit(Self.tasks(40))
                try await all.arrivals(40)
                #expect(running.withLock { $0 } == 40)
                all.open()
                var count = 0
                while count < 40, let ended = await flow.next() { count += ended.count }
                #expect(count == 40)
            }
        }
    }

    /// A runner goes on with other attempts after one that was cancelled, and those know nothing of it.
    @Test func whatIsCancelledTouchesNoOtherAttempt() async throws {
        try await TaskBench.run { bench in
            let handlers = Gate("the first handler")
            try await bench.withWorker(
                "one", slots: 1,
                handler: { request, context in
                    guard request.id == "task-0" else {
                        return context.isCancelled || Task.isCancelled
                            ? .cancelled(reason: "by mistake") : .completed(TaskResult(.null))
                    }
                    try? await handlers.pass()
                    return .cancelled(reason: context.cancellationReason ?? "none")
                }
            ) { _ in
                let flow = bench.coordinator.makeFlow()
                _ = try await flow.submit(Self.tasks(20))
                try await handlers.arrivals()
                _ = try await bench.coordinator.cancel("task-0", reason: "no more")
                var states: [String: TaskState] = [:]
                while states.count < 20, let ended = await flow.next() {
                    for record in ended { states[record.task.id] = record.status.state }
                }
                #expect(states["task-0"] == .cancelled)
                #expect(states.values.count { $0 == .completed } == 19)
            }
        }
    }
}
