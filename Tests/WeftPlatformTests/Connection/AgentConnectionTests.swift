// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import Testing
import WeftServer
import WeftTestKit
import WeftValue

@testable import WeftPlatform

/// Our client against our stand-in, over real sockets.
@Suite(.timeLimit(.minutes(3)))
struct AgentConnectionTests {
    /// Reads a connection into a collector while `body` runs.
    func reading(
        _ standIn: StandIn, _ configuration: AgentConnection.Configuration = Self.quick,
        _ body: (AgentConnection, Collector<AgentConnectionElement>) async throws -> Void
    ) async throws {
        let connection = standIn.client.connection(agentID: "agent-5678", configuration: configuration)
        let elements = Collector<AgentConnectionElement>("elements")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await element in connection { elements.append(element) }
                elements.finish()
            }
            try await body(connection, elements)
            group.cancelAll()
        }
    }

    static let quick = AgentConnection.Configuration(
        heartbeatInterval: .milliseconds(50),
        reconnect: ReconnectPolicy(
            firstPause: .milliseconds(10), longestPause: .milliseconds(50), refusedPause: .milliseconds(20),
            longestRefusedPause: .milliseconds(50)))

    static func registrations(_ elements: [AgentConnectionElement]) -> [String] {
        elements.compactMap { if case .registered(let record) = $0 { record.id } else { nil } }
    }

    @Test func aStreamThatRegistersNobodyIsOpenedAgain() async throws {
        try await StandIn.with { standIn in
            standIn.platform.inject(.muteStreams(count: 2))
            var configuration = Self.quick
            configuration.registrationLimit = .milliseconds(300)
            // Comments come all the time, so this is not what ends it.
            configuration.idleLimit = .seconds(50)
            try await self.reading(standIn, configuration) { connection, elements in
                let seen = try await elements.prefix(3)
                for element in seen.prefix(2) {
                    guard case .disconnected = element else { throw FixtureError() }
                }
                #expect(Self.registrations(seen).count == 1)
            }
        }
    }

    @Test func theIDOfATaskIsFoundInWhatCannotBeRead() {
        for (text, id) in [
            (#"{"id": "t-1", "input": {"text": "cut o"#, "t-1"),
            (#" { "input" : {"id": "not mine", "l": ["id", {}]}, "x": tru, "id":"t\u00e9\"" } trailing"#, "té\""),
            (#"{"a": "id", "id" : "t-2"}}"#, "t-2"),
            (#"{"input": {"id": "t-3"}, "#, nil), (#"["id", "t-4"]"#, nil), (#"{"id": 5}"#, nil), (#"{"id": ""}"#, nil),
            (#"{"id": "never end"#, nil), (#"{"id": "bad \q"}"#, nil), ("", nil), ("nonsense", nil),
        ] {
            #expect(BrokenTask.id(in: text.utf8) == id, "\(text)")
        }
        #expect(BrokenTask.id(in: #"{"id": "\#(String(repeating: "x", count: 1025))"}"#.utf8) == nil)
    }

    @Test func aTaskGoesThroughAndHeartbeatsGoOn() async throws {
        try await StandIn.with { standIn in
            try await self.reading(standIn) { connection, elements in
                _ = try await elements.prefix(1)
                try standIn.platform.handTask(["text": "hello", "id": "t-1"])
                guard case .task(let task) = try await elements.prefix(2)[1] else { throw FixtureError() }
                #expect(task.input.text == "hello")
                #expect(try await standIn.client.update("t-1", .executing)?.status == .executing)
                let done = try await standIn.client.update("t-1", TaskUpdate(status: .completed, result: "hi"))
                #expect(done?.status == .completed)
                try await standIn.platform.wait { $0.workers.first?.heartbeats ?? 0 >= 3 }
                let seen = try #require(standIn.platform.snapshot.task("t-1"))
                #expect(seen.result == "hi")
                #expect(seen.updates.map(\.isWhole) == [false, false])
            }
            // The reader has left, and so has the worker.
            try await standIn.platform.wait { $0.connectedWorkers.isEmpty }
        }
    }

    @Test func busyWorkersGetNothingAndFreeOnesDo() async throws {
        try await StandIn.with { standIn in
            try await self.reading(standIn) { connection, elements in
                connection.setBusy(true)
                try await standIn.platform.wait { $0.workers.first?.capacityMessages == [true] }
                try standIn.platform.handTask(["text": "later", "id": "t-1", "agent_id": "agent-5678"])
                #expect(standIn.platform.snapshot.task("t-1")?.deliveries == [])
                connection.setBusy(true)
                connection.setBusy(false)
                _ = try await elements.first { if case .task = $0 { true } else { false } }
                #expect(standIn.platform.snapshot.workers.first?.capacityMessages == [true, false])
            }
        }
    }

    @Test(arguments: [true, false])
    func aLostStreamIsANewRegistrationAndBusyIsSaidAgain(inMiddleOfEvent: Bool) async throws {
        try await StandIn.with { standIn in
            try await self.reading(standIn) { connection, elements in
                connection.setBusy(true)
                try await standIn.platform.wait { $0.workers.first?.isBusy ?? false }
                standIn.platform.inject(.dropStreams(agentID: nil, inMiddleOfEvent: inMiddleOfEvent))
                try await elements.wait(for: "a second registration") { Self.registrations($0).count == 2 }
                try await standIn.platform.wait { $0.connectedWorkers.first?.isBusy ?? false }
                let ids = Self.registrations(elements.elements)
                #expect(ids[0] != ids[1])
                let isReported = elements.elements.contains { if case .disconnected = $0 { true } else { false } }
                #expect(isReported)
                // Heartbeats go on in the new name only.
                let old = standIn.platform.snapshot.workers[0].heartbeats
                try await standIn.platform.wait { $0.workers[1].heartbeats >= 3 }
                #expect(standIn.platform.snapshot.workers[0].heartbeats == old)
            }
        }
    }

    @Test func manyLostStreamsDoNotEndAConnection() async throws {
        try await StandIn.with { standIn in
            try await self.reading(standIn) { _, elements in
                for count in 1...12 {
                    try await elements.wait(for: "registration \(count)") { Self.registrations($0).count == count }
                    standIn.platform.inject(.dropStreams(agentID: nil, inMiddleOfEvent: true))
                }
            }
        }
    }

    @Test func aWorkerThatIsForgottenRegistersAgain() async throws {
        try await StandIn.with { standIn in
            try await self.reading(standIn) { _, elements in
                try await standIn.platform.wait { $0.workers.first?.heartbeats ?? 0 >= 1 }
                standIn.platform.inject(.forgetWorkers(agentID: nil))
                try await elements.wait(for: "a second registration") { Self.registrations($0).count >= 2 }
                try await standIn.platform.wait { $0.connectedWorkers.last?.heartbeats ?? 0 >= 1 }
            }
        }
    }

    @Test func failingHeartbeatsEndNothing() async throws {
        try await StandIn.with { standIn in
            let failures = Collector<PlatformError>("failures")
            var configuration = Self.quick
            configuration.onMessageFailure = { failures.append($0) }
            try await self.reading(standIn, configuration) { connection, elements in
                _ = try await elements.prefix(1)
                standIn.platform.inject(.answer(status: 503, to: .heartbeat, count: 5))
                standIn.platform.inject(.drop(.heartbeat, count: 5))
                _ = try await failures.prefix(10)
                let beats = standIn.platform.snapshot.workers[0].heartbeats
                try await standIn.platform.wait { $0.workers[0].heartbeats > beats }
                #expect(Self.registrations(elements.elements).count == 1)
                #expect(connection.messageFailures == 10)
                #expect(failures.elements.allSatisfy { $0.disposition == .retry })
            }
        }
    }

    @Test func badEventsAreSkippedAndNameTheirTask() async throws {
        try await StandIn.with { standIn in
            try await self.reading(standIn) { _, elements in
                _ = try await elements.prefix(1)
                let texts = [
                    "event: agent-execution\ndata: {\"id\": \"t-\n\n",
                    "event: agent-execution\ndata: {\"id\": \"t-9\"}\n\n",
                    "event: agent-execution\n\n",
                    "event: worker-registration\ndata: []\n\n",
                    "event: something-new\ndata: 1\n\n",
                    "data: no name\n\n",
                ]
                for text in texts { standIn.platform.inject(.sendText(agentID: nil, text: text)) }
                try standIn.platform.handTask(["text": "good", "id": "t-2"])
                let came = try await elements.prefix(5)
                let unreadable = came.compactMap { element -> String?? in
                    if case .unreadable(let id, _) = element { .some(id) } else { nil }
                }
                #expect(unreadable == [nil, "t-9", nil])
                guard case .task(let task) = came[4] else { throw FixtureError() }
                #expect(task.id == "t-2")
            }
        }
    }

    @Test func aSilentStreamIsOpenedAgain() async throws {
        try await StandIn.with { standIn in
            var configuration = Self.quick
            configuration.idleLimit = .milliseconds(600)
            try await self.reading(standIn, configuration) { _, elements in
                _ = try await elements.prefix(1)
                standIn.platform.inject(.silence(agentID: nil))
                try await elements.wait(for: "a second registration") { Self.registrations($0).count == 2 }
            }
        }
    }

    @Test func aRefusedKeyIsSaidAndAskedAgain() async throws {
        try await StandIn.with { standIn in
            standIn.platform.inject(.answer(status: 401, to: .stream, count: 1))
            try await self.reading(standIn) { _, elements in
                guard case .refused(401, _, _) = try await elements.prefix(1)[0] else { throw FixtureError() }
                try await elements.wait(for: "a registration") { Self.registrations($0).count == 1 }
            }
        }
    }

    @Test func aServedAgentIsAConflictForAnotherEnvironment() async throws {
        try await StandIn.with { standIn in
            try await self.reading(standIn) { _, elements in
                _ = try await elements.prefix(1)
                let other = PlatformClient(
                    configuration: try PlatformConfiguration(
                        baseURL: standIn.url, apiKey: Secret("key-1"), organizationID: "org-1234", environment: .cloud),
                    http: standIn.http)
                var last: AgentConnectionElement?
                for await element in other.connection(agentID: "agent-5678") { last = element }
                guard case .conflict(let reason)? = last else { throw FixtureError() }
                #expect(reason.contains("local"))
            }
        }
    }

    @Test(arguments: [true, false])
    func unfinishedTasksComeAgainOnlyIfAsked(redelivers: Bool) async throws {
        try await StandIn.with(redelivers: redelivers) { standIn in
            try await self.reading(standIn) { _, elements in
                _ = try await elements.prefix(1)
                try standIn.platform.handTask(["text": "one", "id": "t-1"])
                try standIn.platform.handTask(["text": "two", "id": "t-2"])
                _ = try await elements.prefix(3)
                try await standIn.client.update("t-1", TaskUpdate(status: .completed, result: ""))
                standIn.platform.inject(.dropStreams(agentID: nil, inMiddleOfEvent: false))
                try await elements.wait(for: "a second registration") { Self.registrations($0).count == 2 }
                try standIn.platform.handTask(["text": "three", "id": "t-3"])
                _ = try await elements.first { if case .task(let task) = $0 { task.id == "t-3" } else { false } }
                let tasks = elements.elements.compactMap { if case .task(let task) = $0 { task.id } else { nil } }
                #expect(tasks == (redelivers ? ["t-1", "t-2", "t-2", "t-3"] : ["t-1", "t-2", "t-3"]))
                // What was lost can still be found.
                let open = try await standIn.client.history(agentID: "agent-5678", filter: .init(status: .pending))
                #expect(open.map(\.id) == ["t-2", "t-3"])
            }
        }
    }

    @Test func lostRepliesAndFailuresAreToldApart() async throws {
        try await StandIn.with { standIn in
            try standIn.platform.handTask(["text": "x", "id": "t-1", "agent_id": "agent-5678"])
            standIn.platform.inject(.answer(status: 429, to: .finalUpdate, count: 1, retryAfter: 3))
            standIn.platform.inject(.loseReply(.finalUpdate, count: 1))
            let final = TaskUpdate(status: .completed, result: "done")
            var errors: [PlatformError] = []
            for _ in 0..<2 {
                do throws(PlatformError) {
                    try await standIn.client.update("t-1", final)
                } catch {
                    errors.append(error)
                }
            }
            #expect(errors.map(\.status) == [429, nil])
            #expect(errors.map(\.disposition) == [.retry, .retry])
            #expect(errors.first?.retryAfter == .seconds(3))
            try await standIn.client.update("t-1", final)
            let task = try #require(standIn.platform.snapshot.task("t-1"))
            #expect(task.finalUpdates.map(\.isRepeat) == [false, true])
            #expect(standIn.platform.snapshot.statistics.conflictingFinalUpdates == 0)
            let unknown = await #expect(throws: PlatformError.self) { try await standIn.client.task("nobody") }
            #expect(unknown?.disposition == .refused)
            #expect(unknown?.status == 404)
        }
    }
}
