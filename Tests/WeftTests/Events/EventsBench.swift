// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import Weft
import WeftServer

/// A stand-in platform for one test, on a port of its own.
enum EventsBench {
    static func withPlatform(
        agents: [String] = ["agt_1"],
        _ body: (StandInPlatform, PlatformConfiguration) async throws -> Void
    ) async throws {
        var logger = Logger(label: "stand-in")
        logger.logLevel = .error
        let standIn = StandInPlatform(logger: logger)
        let run = Task { try await standIn.run() }
        do {
            let address = try await standIn.address()
            let configuration = try PlatformConfiguration(
                baseURL: address.url, apiKey: Secret("key"), organizationID: "org", agentIDs: agents)
            try await body(standIn, configuration)
        } catch {
            run.cancel()
            _ = await run.result
            throw error
        }
        run.cancel()
        _ = await run.result
    }

    /// A façade that logs next to nothing and has a bus of its own.
    static func events(
        _ configuration: Events.Configuration, @EventsBuilder _ components: () -> [EventsComponent] = { [] }
    ) -> Events {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        return Events(configuration: configuration, bus: EventBus(), logger: logger, components)
    }

    /// Hands `texts` over and waits for all of them to end.
    static func finished(
        _ texts: [String], agent: String = "agt_1", at standIn: StandInPlatform
    ) async throws -> [StandInTask] {
        let ids = try texts.map { text in
            try #require(try standIn.handTask(["text": .string(text), "agent_id": .string(agent)])["id"]?.stringValue)
        }
        try await self.within {
            try await standIn.wait { snapshot in ids.allSatisfy { snapshot.task($0)?.isFinal == true } }
        }
        let snapshot = standIn.snapshot
        return ids.compactMap { snapshot.task($0) }
    }

    /// Runs `body` with a deadline that only a broken program meets.
    static func within<Output: Sendable>(
        _ limit: Duration = .seconds(60), _ body: @escaping @Sendable () async throws -> Output
    ) async throws -> Output {
        try await withThrowingTaskGroup(of: Output?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            let first = try await group.next() ?? nil
            return try #require(first, "it took longer than \(limit)")
        }
    }
}
