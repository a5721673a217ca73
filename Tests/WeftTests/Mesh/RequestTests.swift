// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit

@Suite(.timeLimit(.minutes(2)))
struct RequestTests {
    @Test func aCallIsAnsweredByTheOtherNode() async throws {
        try await TestMesh.with(2) { nodes in
            nodes[1].handle("double") { _, body in .int((body.intValue ?? 0) * 2) }
            let answer = try await nodes[0].request(to: nodes[1].id, "double", 21)
            #expect(answer == 42)
        }
    }

    @Test func aCallToARoleFindsWhoHasIt() async throws {
        try await TestMesh.with(2) { nodes in
            nodes[1].handle("who") { caller, _ in .string(caller.description) }
            await nodes[1].update(roles: [.coordinator], extras: ["sink": "tcp://127.0.0.1:1"])
            let answer = try await nodes[0].request(to: .coordinator, "who")
            #expect(answer.stringValue == nodes[0].id.description)
            let member = await nodes[0].member { $0.record.id == nodes[1].id }
            #expect(member?.record.extras["sink"] == "tcp://127.0.0.1:1")
        }
    }

    @Test func aNodeCanCallItself() async throws {
        try await TestMesh.with(1) { nodes in
            nodes[0].handle("echo") { _, body in body }
            let answer = try await nodes[0].request(to: nodes[0].id, "echo", "hello")
            #expect(answer == "hello")
        }
    }

    @Test func whatAHandlerThrowsComesBackAsAnError() async throws {
        try await TestMesh.with(2) { nodes in
            nodes[1].handle("refuse") { _, _ in throw RequestFailure("tooLate", "the shop is closed") }
            let error = await #expect(throws: NodeError.self) {
                try await nodes[0].request(to: nodes[1].id, "refuse")
            }
            #expect(error?.code == .remote)
            #expect(error?.remoteLabel == "tooLate")
            #expect(error?.message == "the shop is closed")
        }
    }

    @Test func anUnknownMethodIsNamed() async throws {
        try await TestMesh.with(2) { nodes in
            let error = await #expect(throws: NodeError.self) {
                try await nodes[0].request(to: nodes[1].id, "nonsense")
            }
            #expect(error?.remoteLabel == "noMethod")
            #expect(error?.message.contains("nonsense") == true)
        }
    }

    @Test func aCallToNobodyFailsAtOnce() async throws {
        try await TestMesh.with(1) { nodes in
            let error = await #expect(throws: NodeError.self) { try await nodes[0].request(to: .random(), "x") }
            #expect(error?.code == .noMember)
            let none = await #expect(throws: NodeError.self) {
                try await nodes[0].request(to: .worker, "x", timeout: .milliseconds(50))
            }
            #expect(none?.code == .noMember)
        }
    }

    @Test func aCallEndsWhenItsTimeIsOverOrTheOtherGoes() async throws {
        try await TestMesh.with(2) { nodes in
            let gate = Gate("an answer")
            nodes[1].handle("hang") { _, _ in
                try await gate.pass()
                return .null
            }
            let late = await #expect(throws: NodeError.self) {
                try await nodes[0].request(to: nodes[1].id, "hang", timeout: .milliseconds(50))
            }
            #expect(late?.code == .timeout)
            let call = Task { try await nodes[0].request(to: nodes[1].id, "hang", timeout: .seconds(90)) }
            try await gate.arrivals(2)
            await nodes[1].stop()
            let gone = await #expect(throws: NodeError.self) { try await call.value }
            #expect(gone?.code == .gone)
        }
    }

    @Test func everyNodeAnswersForItsStatus() async throws {
        try await TestMesh.with(2) { nodes in
            let status = try await nodes[0].request(to: nodes[1].id, "status")
            #expect(status["id"]?.stringValue == nodes[1].id.description)
            #expect(status["members"]?.arrayValue?.count == 2)
            #expect(status["members"]?[0]?["state"] == "local")
            #expect(status["members"]?[1]?["state"] == "alive")
        }
    }

    @Test func changesOfTheRosterCanBeFollowed() async throws {
        try await TestMesh.with(1) { nodes in
            var changes = nodes[0].memberChanges().makeAsyncIterator()
            #expect(await changes.next()?.count == 1)
            let other = TestMesh.node("other", joining: nodes)
            try await other.start()
            while let members = await changes.next() {
                if members.contains(where: { $0.record.name == "other" }) { break }
            }
            await other.stop()
            while let members = await changes.next() { if members.contains(where: { $0.state == .left }) { break } }
        }
    }
}
