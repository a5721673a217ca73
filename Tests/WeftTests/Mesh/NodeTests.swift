// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit

@Suite(.timeLimit(.minutes(2)))
struct NodeTests {
    @Test func anEventEmittedOnOneNodeRunsAHandlerOnTheOther() async throws {
        try await TestMesh.with(2) { nodes in
            let heard = Expectation<String>("the event on the other node")
            nodes[1].bus.on("order:created") { (order: String) in heard.fulfil(order) }
            await nodes[0].bus.emit("order:created", "o-1")
            let order = try await heard.value()
            #expect(order == "o-1")
        }
    }
}
