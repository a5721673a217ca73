// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Logging
import Testing
import WeftPlatform
import WeftProtocol
import WeftServer
import WeftValue

@testable import Weft

/// A coordinator that serves an agent of the stand-in platform.
struct PlatformScene: Sendable {
    let standIn: StandInPlatform
    let bench: TaskBench
    /// The platform's calls, for whoever else plays a part.
    let client: PlatformClient

    /// Does what it is asked to, at once.
    static let echo: @Sendable (TaskRequest, TaskContext) async -> TaskOutcome = { request, _ in
        .completed(TaskResult(.string("did " + (request.payload["input"]?["text"]?.stringValue ?? "nothing"))))
    }

    /// Runs a stand-in and a coordinator around `body`, and stops both afterwards, the coordinator first.
    static func run<Result: Sendable>(
        agents: [String] = ["agent"], redelivers: Bool = false, ledger: any Ledger = InMemoryLedger(),
        drainDeadline: Duration = .seconds(30), platformPoll: Duration = TaskDefaults.platformPoll,
        reconciles: Bool = true,
        _ body: @escaping @Sendable (PlatformScene) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: "platform")
        logger.logLevel = .error
        let standIn = StandInPlatform(
            configuration: .init(redelivers: redelivers, agentID: "agent"), logger: logger)
        let http = HTTPClient()
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await standIn.run() }
            let address = try await standIn.address()
            let client = PlatformClient(
                configuration: try PlatformConfiguration(
                    baseURL: address.url, apiKey: Secret("key"), organizationID: "org", agentIDs: agents),
                http: http)
            var configuration = CoordinatorConfiguration()
            configuration.reportPauses = RetryPolicy(backoff: .milliseconds(50), maximumBackoff: .milliseconds(500))
            configuration.drainDeadline = drainDeadline
            configuration.platformPoll = platformPoll
            configuration.reconciles = reconciles
            let result = try await TaskBench.run(
                ledger: ledger, configuration: configuration, platform: CoordinatorPlatform(client: client)
            ) { bench in
                try await standIn.wait { $0.connectedWorkers.count == agents.count }
                return try await body(PlatformScene(standIn: standIn, bench: bench, client: client))
            }
            group.cancelAll()
            return result
        }
        await http.shutdown()
        return result
    }

    /// Hands over a task, and gives back its id.
    func hand(_ task: Value) throws -> String {
        try #require(try self.standIn.handTask(task)["id"]?.stringValue)
    }

    /// Hands over a task, and waits until the stand-in has its end.
    func end(of task: Value) async throws -> StandInTask {
        let id = try self.hand(task)
        try await self.standIn.wait { $0.task(id)?.isFinal ?? false }
        return try #require(self.standIn.snapshot.task(id))
    }

    /// Sends an event on the worker stream, as it is.
    func send(event: String, data: String) {
        self.standIn.inject(.sendText(agentID: nil, text: "event: \(event)\ndata: \(data)\n\n"))
    }

    /// Waits until the coordinator has nothing left to report, and so many reports were refused.
    func isReported(refused: Int) async -> Bool {
        await self.bench.coordinator.waitUntil(within: .seconds(20)) { coordinator in
            coordinator.outbox.isEmpty && coordinator.outbox.counters.refused == refused
                && coordinator.dispatcher?.unreportedCount == 0
        }
    }
}
