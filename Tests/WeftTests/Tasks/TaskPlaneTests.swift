// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Locking
import Testing
import WeftBus
import WeftProtocol
import WeftValue

@testable import Weft

@Suite(.timeLimit(.minutes(3)))
struct TaskPlaneTests {
    @Test func aSubmittedTaskIsRunByAWorkerElsewhere() async throws {
        let record = try await TaskBench.run { bench in
            try await bench.withWorker("one", handler: { request, _ in .completed(TaskResult(request.payload)) }) { _ in
                _ = try await bench.coordinator.submit(TaskSubmission(id: "a", payload: "hello"))
                return try await bench.coordinator.outcome(of: "a", within: .seconds(60))
            }
        }
        #expect(record?.status.state == .completed)
        #expect(record?.status.outcome == .completed(TaskResult("hello")))
    }

    @Test func aTaskWaitsForTheFirstWorker() async throws {
        try await TaskBench.run { bench in
            let state = try await bench.coordinator.submit(TaskSubmission(id: "a", payload: 1))
            #expect(state == .queued)
            try await bench.withWorker("late", handler: { request, _ in .completed(TaskResult(request.payload)) }) {
                _ in
                let record = try await bench.coordinator.outcome(of: "a", within: .seconds(60))
                #expect(record?.status.state == .completed)
            }
        }
    }

    @Test func fiveHundredTasksAreSharedByTwoWorkers() async throws {
        let runs = Locked<[String: [String]]>([:])
        let records = try await TaskBench.run { bench in
            try await bench.withWorker("one", handler: Self.counting(runs, as: "one")) { _ in
                try await bench.withWorker("two", handler: Self.counting(runs, as: "two")) { _ in
                    try await bench.submit(500)
                }
            }
        }
        #expect(records.count == 500)
        #expect(records.allSatisfy { $0.status.state == .completed && $0.status.attempt == 1 })
        let ran = runs.withLock { $0 }
        #expect(ran.count == 500)
        #expect(ran.values.allSatisfy { $0.count == 1 })
        #expect(Set(ran.values.joined()) == ["one", "two"])
    }

    @Test func aWorkerThatVanishesLosesNoTask() async throws {
        let runs = Locked<[String: [String]]>([:])
        let (held, signal) = AsyncStream.makeStream(of: Void.self)
        var configuration = CoordinatorConfiguration()
        configuration.dispatcher.lossGrace = .milliseconds(500)
        let records = try await TaskBench.run(configuration: configuration) { bench in
            try await bench.withWorker("stays", handler: Self.counting(runs, as: "stays")) { _ in
                try await bench.withWorker(
                    "vanishes", drainDeadline: .zero,
                    handler: { _, _ in
                        // Holds its tasks until it is cancelled, which is long after it has vanished.
                        signal.yield()
                        for await _ in AsyncStream<Void>.makeStream().stream {}
                        return .cancelled(reason: "gone")
                    }
                ) { worker in
                    async let ended = bench.submit(200)
                    for await _ in held { break }
                    await worker.vanish()
                    return try await ended
                }
            }
        }
        #expect(records.count == 200)
        #expect(records.allSatisfy { $0.status.state == .completed })
        #expect(records.contains { $0.status.attempt == 2 })
        #expect(runs.withLock { $0.count } == 200)
    }

    @Test func aFailureIsADeadLetterWithItsMessage() async throws {
        let record = try await TaskBench.run { bench in
            try await bench.withWorker("one", handler: { _, _ in .failed(TaskFailure("no such file")) }) { _ in
                _ = try await bench.coordinator.submit(TaskSubmission(id: "a", payload: .null))
                return try await bench.coordinator.outcome(of: "a", within: .seconds(60))
            }
        }
        #expect(record?.status.state == .dead)
        #expect(record?.status.outcome == .failed(TaskFailure("no such file")))
    }

    @Test func aCancelledTaskStopsItsHandler() async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let record = try await TaskBench.run { bench in
            try await bench.withWorker(
                "one",
                handler: { _, _ in
                    signal.yield()
                    for await _ in AsyncStream<Void>.makeStream().stream {}
                    return Task.isCancelled ? .cancelled(reason: "as asked") : .completed(TaskResult("never asked"))
                }
            ) { _ in
                _ = try await bench.coordinator.submit(TaskSubmission(id: "a", payload: .null))
                for await _ in began { break }
                try await bench.coordinator.cancel("a", reason: "not needed")
                return try await bench.coordinator.outcome(of: "a", within: .seconds(60))
            }
        }
        #expect(record?.status.state == .cancelled)
        #expect(record?.status.outcome == .cancelled(reason: "not needed"))
    }

    @Test func aTimeLimitStopsTheHandlerAndFailsTheTask() async throws {
        let record = try await TaskBench.run { bench in
            try await bench.withWorker(
                "one",
                handler: { _, _ in
                    for await _ in AsyncStream<Void>.makeStream().stream {}
                    return .cancelled(reason: "stopped")
                }
            ) { _ in
                _ = try await bench.coordinator.submit(
                    TaskSubmission(id: "a", payload: .null, timeLimit: .milliseconds(100)))
                return try await bench.coordinator.outcome(of: "a", within: .seconds(60))
            }
        }
        #expect(record?.status.state == .dead)
        guard case .failed(let failure)? = record?.status.outcome else {
            Issue.record("the outcome is \(String(describing: record?.status.outcome))")
            return
        }
        #expect(failure.message.contains("time limit"))
    }

    @Test func anIdIsRunOnce() async throws {
        let runs = Locked<[String: [String]]>([:])
        try await TaskBench.run { bench in
            try await bench.withWorker("one", handler: Self.counting(runs, as: "one")) { _ in
                _ = try await bench.submit(1)
                let again = try await bench.coordinator.submit(TaskSubmission(id: "task-0", payload: 0))
                #expect(again == .completed)
                let refusal = await #expect(throws: TaskRefusal.self) {
                    try await bench.coordinator.submit(TaskSubmission(id: "task-0", payload: "other"))
                }
                #expect(refusal?.code == .conflict)
            }
        }
        #expect(runs.withLock { $0["task-0"]?.count } == 1)
    }

    @Test func beingRunTwiceIsRefusedAndHarmsNothing() async throws {
        try await TaskBench.run { bench in
            try await bench.withWorker("one", handler: { _, _ in .completed(TaskResult("done")) }) { bound in
                try await bound.worker.waitUntilRegistered()
                let coordinatorsRefusal = await #expect(throws: TaskPlaneFailure.self) {
                    try await bench.coordinator.run()
                }
                #expect(coordinatorsRefusal?.code == .alreadyRun)
                let workersRefusal = await #expect(throws: TaskPlaneFailure.self) { try await bound.worker.run() }
                #expect(workersRefusal?.code == .alreadyRun)
                let records = try await bench.submit(3)
                #expect(records.map(\.status.state) == [.completed, .completed, .completed])
            }
        }
    }

    private static func counting(
        _ runs: Locked<[String: [String]]>, as name: String
    ) -> @Sendable (TaskRequest, TaskContext) async -> TaskOutcome {
        { request, _ in
            runs.withLock { $0[request.id, default: []].append(name) }
            return .completed(TaskResult(request.payload))
        }
    }
}
