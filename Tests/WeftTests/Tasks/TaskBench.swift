// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Logging
import Testing
import WeftBus
import WeftProtocol
import WeftValue
import ZeroMQ

@testable import Weft

/// A coordinator and workers on real sockets in one process, each with a socket loop of its own.
struct TaskBench {
    let coordinator: Coordinator
    let sink: String
    let epoch: TaskEpoch

    /// Runs a coordinator around `body`, and stops it afterwards.
    static func run<Result: Sendable>(
        ledger: any Ledger = InMemoryLedger(), configuration: CoordinatorConfiguration = .init(),
        platform: CoordinatorPlatform? = nil, _ body: @escaping @Sendable (TaskBench) async throws -> Result
    ) async throws -> Result {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        var logger = Logger(label: "coordinator")
        logger.logLevel = .error
        let coordinator = Coordinator(
            id: .random(), loop: loop, ledger: ledger, platform: platform, configuration: configuration,
            logger: logger)
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await coordinator.run() }
            try await coordinator.waitUntilStarted()
            let sink = try #require(await coordinator.sinkEndpoint)
            let epoch = try #require(await coordinator.status?.epoch)
            let result = try await body(TaskBench(coordinator: coordinator, sink: sink, epoch: epoch))
            await coordinator.requestStop()
            try await group.waitForAll()
            return result
        }
        _ = await loop.shutdown(within: .seconds(5))
        return result
    }

    /// Runs a worker around `body`, and stops it afterwards.
    func withWorker<Result: Sendable>(
        _ name: String, slots: Int = 4, agents: [String] = [], drainDeadline: Duration = .seconds(5),
        stopGrace: Duration = TaskDefaults.stopGrace,
        handler: @escaping @Sendable (TaskRequest, TaskContext) async -> TaskOutcome,
        _ body: @escaping @Sendable (BenchWorker) async throws -> Result
    ) async throws -> Result {
        let context = try Context()
        let loop = try SocketLoop(context: context)
        var logger = Logger(label: name)
        logger.logLevel = .error
        var configuration = WorkerConfiguration(slots: slots)
        configuration.drainDeadline = drainDeadline
        configuration.stopGrace = stopGrace
        let worker = Worker(
            id: .random(), name: name, loop: loop, runner: ClosureRunner(agentIDs: agents, body: handler),
            configuration: configuration, logger: logger)
        await worker.coordinatorChanged(sink: self.sink, epoch: self.epoch)
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            let result = try await body(BenchWorker(worker: worker, loop: loop))
            await worker.stop()
            try await group.waitForAll()
            return result
        }
        _ = await loop.shutdown(within: .seconds(5))
        return result
    }

    /// Submits so many tasks, and gives back how each ended.
    func submit(_ count: Int, prefix: String = "task") async throws -> [TaskRecord] {
        let coordinator = self.coordinator
        return try await withThrowingTaskGroup(of: TaskRecord.self) { group in
            for index in 0..<count {
                group.addTask {
                    let id = "\(prefix)-\(index)"
                    _ = try await coordinator.submit(TaskSubmission(id: id, payload: .int(Int64(index))))
                    return try #require(try await coordinator.outcome(of: id, within: .seconds(30)))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

/// A worker under test, and the loop that can be taken away from it.
struct BenchWorker: Sendable {
    let worker: Worker
    let loop: SocketLoop

    /// Closes all its sockets without a word, as the end of its process would.
    func vanish() async {
        _ = await self.loop.shutdown(within: .seconds(5))
    }
}

/// Runs tasks with a closure.
struct ClosureRunner: TaskRunner {
    let agentIDs: [String]
    let body: @Sendable (TaskRequest, TaskContext) async -> TaskOutcome

    func run(_ request: TaskRequest, context: TaskContext) async -> TaskOutcome {
        await self.body(request, context)
    }
}
