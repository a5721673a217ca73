// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft

struct EventsConfigurationTests {
    private static let complete = [
        "XPANDER_API_KEY": "k", "XPANDER_ORGANIZATION_ID": "o", "XPANDER_AGENT_ID": "a",
        "XPANDER_BASE_URL": "http://127.0.0.1:9000",
    ]

    @Test func nothingSetNamesEveryVariable() throws {
        let error = try #require(throws: EventsError.self) { _ = try Events.Configuration.fromEnvironment([:]) }
        #expect(error.code == .invalidConfiguration)
        for name in ["XPANDER_AGENT_ID", "XPANDER_ORGANIZATION_ID", "XPANDER_API_KEY", "WEFT_JOIN"] {
            #expect(error.message.contains(name))
        }
    }

    @Test(arguments: ["XPANDER_ORGANIZATION_ID", "XPANDER_API_KEY"])
    func missingVariableIsNamed(name: String) throws {
        var variables = Self.complete
        variables[name] = nil
        let error = try #require(throws: EventsError.self) {
            _ = try Events.Configuration.fromEnvironment(variables)
        }
        #expect(error.message.contains(name))
        #expect(!error.message.contains("set XPANDER_AGENT_ID"))
    }

    @Test func severalMissingVariablesAreNamedAtOnce() throws {
        let error = try #require(throws: EventsError.self) {
            _ = try Events.Configuration.fromEnvironment(["XPANDER_BASE_URL": "http://127.0.0.1:9000"])
        }
        for name in ["XPANDER_AGENT_ID", "XPANDER_ORGANIZATION_ID", "XPANDER_API_KEY"] {
            #expect(error.message.contains(name))
        }
    }

    @Test func platformVariablesMeanEmbedded() throws {
        let configuration = try Events.Configuration.fromEnvironment(Self.complete)
        #expect(configuration.agentID == "a")
        guard case .embedded(let platform?) = configuration.placement else {
            Issue.record("not embedded")
            return
        }
        #expect(platform.baseURL == "http://127.0.0.1:9000")
        #expect(platform.environment == .local)
    }

    @Test func cloudFlagMeansTheCloudEnvironment() throws {
        let variables = Self.complete.merging(["IS_XPANDER_CLOUD": "true"]) { $1 }
        guard case .embedded(let platform?) = try Events.Configuration.fromEnvironment(variables).placement else {
            Issue.record("not embedded")
            return
        }
        #expect(platform.environment == .cloud)
    }

    @Test func agentGivenInCodeWinsOverTheVariable() throws {
        #expect(try Events.Configuration.fromEnvironment(Self.complete, agentID: "b").agentID == "b")
    }

    @Test func handlersMayNameTheAgentInstead() throws {
        var variables = Self.complete
        variables["XPANDER_AGENT_ID"] = nil
        #expect(try Events.Configuration.fromEnvironment(variables).agentID == nil)
    }

    @Test func handlerWithoutAnyAgentIsRefusedAtTheStart() async throws {
        var variables = Self.complete
        variables["XPANDER_AGENT_ID"] = nil
        let events = Events(configuration: try .fromEnvironment(variables)) { OnTask { _ in "x" } }
        let error = try await #require(throws: EventsError.self) { try await events.start() }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("XPANDER_AGENT_ID"))
    }

    @Test func endpointsToJoinMeanAWorkerOfACluster() throws {
        let configuration = try Events.Configuration.fromEnvironment([
            "WEFT_JOIN": "tcp://127.0.0.1:7400, tcp://127.0.0.1:7500", "WEFT_SLOTS": "3",
            "WEFT_BIND": "tcp://10.0.0.7:7400", "WEFT_ADVERTISE": "worker.example", "WEFT_INSECURE": "true",
        ])
        guard case .worker(let join) = configuration.placement else {
            Issue.record("not a worker")
            return
        }
        #expect(join == ["tcp://127.0.0.1:7400", "tcp://127.0.0.1:7500"])
        #expect(configuration.slots == 3)
        #expect(configuration.bind == "tcp://10.0.0.7:7400")
        #expect(configuration.advertise == "worker.example")
        #expect(configuration.isInsecure)
        #expect(configuration.maxSyncWorkers == 3)
        #expect(configuration.agentID == nil)
    }

    @Test(arguments: ["0", "-1", "many", "99999999999999999999"])
    func impossibleSlotsAreRefused(slots: String) throws {
        let error = try #require(throws: EventsError.self) {
            _ = try Events.Configuration.fromEnvironment(["WEFT_JOIN": "tcp://127.0.0.1:7400", "WEFT_SLOTS": slots])
        }
        #expect(error.message.contains(slots) || error.message.contains("slots"))
    }
}
