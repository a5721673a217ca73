// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WeftPlatform

struct PlatformConfigurationTests {
    static let complete = [
        "XPANDER_API_KEY": "key-1", "XPANDER_ORGANIZATION_ID": "org-1", "XPANDER_AGENT_ID": "agent-1",
    ]

    @Test func nothingSetIsNoPlatform() throws {
        #expect(try PlatformConfiguration(variables: ["PATH": "/bin", "IS_XPANDER_CLOUD": "true"]) == nil)
        #expect(try PlatformConfiguration(variables: ["XPANDER_API_KEY": "", "XPANDER_BASE_URL": ""]) == nil)
    }

    @Test func everyMissingVariableIsNamedAtOnce() {
        let error = #expect(throws: PlatformError.self) {
            try PlatformConfiguration(variables: ["XPANDER_BASE_URL": "http://localhost:9"])
        }
        #expect(error?.code == .missingSettings)
        #expect(error?.missing == ["XPANDER_AGENT_ID", "XPANDER_ORGANIZATION_ID", "XPANDER_API_KEY"])
        for name in error?.missing ?? [] { #expect(error?.message.contains(name) == true) }
        #expect(error?.disposition == .operator)
    }

    @Test func onlyWhatIsMissingIsNamed() {
        let error = #expect(throws: PlatformError.self) {
            try PlatformConfiguration(variables: ["XPANDER_API_KEY": "k"], agentIDs: ["a"])
        }
        #expect(error?.missing == ["XPANDER_ORGANIZATION_ID"])
    }

    @Test func defaultsLeadToTheVendorsCloud() throws {
        let configuration = try #require(try PlatformConfiguration(variables: Self.complete))
        #expect(configuration.baseURL == "https://inbound.xpander.ai")
        #expect(configuration.agentIDs == ["agent-1"])
        #expect(configuration.environment == .local)
        let staging = try PlatformConfiguration(variables: Self.complete.merging(["IS_STG": "true"]) { $1 })
        #expect(staging?.baseURL == "https://inbound.stg.xpander.ai")
        let other = try PlatformConfiguration(variables: Self.complete.merging(["IS_STG": "True"]) { $1 })
        #expect(other?.baseURL == "https://inbound.xpander.ai")
    }

    @Test func onlyExactlyTrueMeansTheCloud() throws {
        for (text, environment) in [("true", PlatformConfiguration.Environment.cloud), ("True", .local), ("1", .local)]
        {
            let variables = Self.complete.merging(["IS_XPANDER_CLOUD": text]) { $1 }
            #expect(try PlatformConfiguration(variables: variables)?.environment == environment)
        }
    }

    @Test func whatIsGivenInCodeWins() throws {
        let configuration = try #require(
            try PlatformConfiguration(
                variables: Self.complete.merging(["XPANDER_BASE_URL": "http://one"]) { $1 }, baseURL: "two.example/",
                agentIDs: ["a", "b", "a"]))
        #expect(configuration.baseURL == "https://two.example")
        #expect(configuration.agentIDs == ["a", "b"])
    }

    @Test func anEmptyBaseURLNeverFallsBackToTheCloud() {
        #expect(throws: PlatformError.self) {
            try PlatformConfiguration(variables: Self.complete.merging(["XPANDER_BASE_URL": ""]) { $1 })
        }
        #expect(throws: PlatformError.self) { try PlatformConfiguration(variables: Self.complete, baseURL: "") }
    }

    @Test(arguments: ["ftp://host", "http://", "http://host:99999", "https://user:pw@host", "http://host?x=1", "a b"])
    func badBaseURLsAreRefused(url: String) {
        let error = #expect(throws: PlatformError.self) {
            try PlatformConfiguration(baseURL: url, apiKey: Secret("k"), organizationID: "o")
        }
        #expect(error?.code == .invalidSettings)
        #expect(error?.message.contains("pw") == false)
    }

    @Test(arguments: [
        ("https://inbound.xpander.ai", "https://agent-controller.xpander.ai/org", "https://inbound.xpander.ai"),
        ("http://INBOUND.xpander.ai/x/", "https://agent-controller.xpander.ai/org", "http://INBOUND.xpander.ai/x"),
        (
            "https://inbound.stg.xpander.ai", "https://agent-controller.stg.xpander.ai/org",
            "https://inbound.stg.xpander.ai"
        ),
        ("http://localhost:8085", "http://localhost:9016/org", "http://localhost:8085"),
        ("http://127.0.0.1:8085/a", "http://localhost:9016/org", "http://127.0.0.1:8085/a"),
        ("http://[::1]:8085", "http://localhost:9016/org", "http://[::1]:8085"),
        ("http://localhost:9016", "http://localhost:9016/org", "http://localhost:9016/org"),
        (
            "https://agent-controller.xpander.ai", "https://agent-controller.xpander.ai/org",
            "https://agent-controller.xpander.ai/org"
        ),
        ("https://host/agent-controller/", "https://host/agent-controller/org", "https://host/agent-controller/org"),
        ("https://platform.example.com/", "https://platform.example.com/org", "https://platform.example.com"),
        ("https://host/inbound.xpander.ai", "https://host/inbound.xpander.ai/org", "https://host/inbound.xpander.ai"),
        ("platform.example.com:8443", "https://platform.example.com:8443/org", "https://platform.example.com:8443"),
    ])
    func rootsFollowTheParsedAddress(base: String, events: String, rest: String) throws {
        let configuration = try PlatformConfiguration(baseURL: base, apiKey: Secret("k"), organizationID: "org")
        #expect(configuration.addresses.eventsRoot == events)
        #expect(configuration.addresses.restRoot == rest)
    }

    @Test func idsFromOutsideCannotReachOtherAddresses() throws {
        let configuration = try PlatformConfiguration(baseURL: "http://h", apiKey: Secret("k"), organizationID: "o/..")
        #expect(
            configuration.addresses.rest("agent-execution", "../agents?x=1", "update")
                == "http://h/agent-execution/..%2Fagents%3Fx%3D1/update")
        #expect(configuration.addresses.rest("agent-execution", "..") == "http://h/agent-execution/%2E%2E")
        #expect(configuration.addresses.eventsRoot == "http://h/o%2F..")
    }

    @Test func theKeyIsNeverPrinted() throws {
        let configuration = try PlatformConfiguration(
            baseURL: "http://h", apiKey: Secret("sesame-open"), organizationID: "o")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("sesame-open"))
        }
    }

    @Test func aKeyThatHeadersCannotHoldIsRefused() {
        #expect(throws: PlatformError.self) {
            try PlatformConfiguration(baseURL: "http://h", apiKey: Secret("key\n"), organizationID: "o")
        }
    }

    @Test func aKeyInClearIsNoticed() throws {
        func clear(_ url: String) throws -> Bool {
            try PlatformConfiguration(baseURL: url, apiKey: Secret("k"), organizationID: "o").sendsKeyInClear
        }
        #expect(try clear("http://platform.example.com"))
        #expect(try !clear("https://platform.example.com"))
        #expect(try !clear("http://127.0.0.1:1234"))
    }
}
