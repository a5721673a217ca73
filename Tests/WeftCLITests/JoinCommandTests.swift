// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftBus
import WeftProtocol
import WeftTestKit

/// What joining does to commands when something is wrong.
@Suite(.timeLimit(.minutes(3)))
struct JoinCommandTests {
    /// A mesh in this process, of one member.
    private static func with(
        roles: Set<NodeRole> = [.peer], _ body: @Sendable (ProcessHarness, String) async throws -> Void
    ) async throws {
        let configuration = Node.Configuration(name: "here", roles: roles, bus: EventBus())
        try await Node.with(configuration) { node in
            let endpoint = try #require(node.controlAddress)
            try await ProcessHarness.run { harness in try await body(harness, endpoint) }
        }
    }

    @Test func aMemberThatNobodyCanDialKeepsNobodyOutAndIsToldSo() async throws {
        try await Self.with { harness, endpoint in
            // Nothing listens at the address that it says.
            let wrong = try harness.weft(
                "listen", "--name", "wrong", "--advertise", "127.0.0.77", "--join", endpoint)
            let emit = try harness.weft("emit", "a", "--join", endpoint)
            try await emit.exit(expecting: .code(0))
            #expect(emit.output.elements.first?.hasPrefix("1 event emitted, confirmed by 1 of ") == true)
            try await wrong.exit(expecting: .code(69))
            _ = try await wrong.errorLine(containing: "none of them reaches this node at tcp://127.0.0.77:")
            #expect(wrong.errors.elements.allSatisfy { !$0.contains("ready") })
        }
    }

    @Test func aCoordinatorThatDoesNotAnswerIsUnreachable() async throws {
        try await Self.with(roles: [.peer, .coordinator]) { harness, endpoint in
            let status = try harness.weft("status", "--join", endpoint)
            try await status.exit(expecting: .code(69))
            #expect(status.output.elements.last?.hasSuffix("the coordinator does not answer") == true)
        }
        try await Self.with { harness, endpoint in
            let status = try harness.weft("status", "--join", endpoint)
            try await status.exit(expecting: .code(0))
            #expect(status.output.elements.last?.contains("no coordinator") == true)
        }
    }

    @Test func aNameThatOthersWouldIgnoreIsRefusedHere() async throws {
        try await ProcessHarness.run { harness in
            let name = String(repeating: "n", count: 257)
            let emit = try harness.weft("emit", "a", "--name", name, "--join", "tcp://127.0.0.1:1")
            try await emit.exit(expecting: .code(64))
            _ = try await emit.errorLine(containing: "257 bytes; it may have at most 256")
        }
    }
}
