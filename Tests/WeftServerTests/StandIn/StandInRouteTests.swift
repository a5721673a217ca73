// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WeftServer

struct StandInRouteTests {
    @Test(
        arguments: [
            ("GET", "/org/events/a/", StandInRoute.workerStream(agentID: "a", environment: "local"), "org"),
            ("POST", "/org/events/w", .workerMessage(workerID: "w", agentID: nil), "org"),
            ("PATCH", "/agent-execution/t/update", .update("t"), nil),
            ("PATCH", "/org/agent-execution/t/update", .update("t"), "org"),
            ("PATCH", "/agent-controller/org/agent-execution/t/update", .update("t"), "org"),
            ("GET", "//org/agent-execution/t/status", .read("t"), "org"),
            ("GET", "/agent-execution/a%2Fb/status", .read("a/b"), nil),
            ("GET", "/agent-execution/executions/history/a", .history(agentID: "a"), nil),
            ("GET", "/org/agent-execution/executions/history/user/u", .userHistory(userID: "u"), "org"),
            ("GET", "/agents/list", .agents, nil),
            ("GET", "/agents/agents/list", .agents, "agents"),
            ("POST", "/metadata/api_key_allowance", .keyAllowance, nil),
            ("POST", "/tasks", .handTask, nil),
        ] as [(String, String, StandInRoute, String?)])
    func bothRulesForTheOrganizationAreUnderstood(
        method: String, path: String, route: StandInRoute, organizationID: String?
    ) throws {
        let read = try StandInRoute.read(method: method, path: path, query: [:])
        #expect(read.route == route)
        #expect(read.organizationID == organizationID)
    }

    @Test(arguments: ["/", "/nothing", "/a/b/c/d/e/f", "/org", "/org/events", "/agent-execution/t/nothing"])
    func unknownAddressesAreSaidToBe(path: String) {
        let error = #expect(throws: StandInError.self) {
            try StandInRoute.read(method: "GET", path: path, query: [:])
        }
        #expect(error?.status == 404)
    }

    @Test(arguments: ["/agent-execution/%/status", "/agent-execution/%zz/status", "/agent-execution/%ff/status"])
    func badEscapesAreRefused(path: String) {
        let error = #expect(throws: StandInError.self) {
            try StandInRoute.read(method: "GET", path: path, query: [:])
        }
        #expect(error?.status == 400)
    }
}
