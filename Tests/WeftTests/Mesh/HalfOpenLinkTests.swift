// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit
import ZeroMQ

@testable import Weft

/// Connections that both ends believe in and over which nothing passes: neither TCP nor ZeroMQ notices.
@Suite(.timeLimit(.minutes(2)))
struct HalfOpenLinkTests {
    @Test func whatOnlyBothEndsBelieveInIsMadeAnewAndNothingIsMissed() async throws {
        let address = try await TestMesh.freeAddress()
        let port = try #require(try Endpoint(address).port)
        let relays = try [port, port + 1].map { try Relay(from: "127.0.0.2", to: "127.0.0.1", port: UInt16($0)) }
        defer { for relay in relays { relay.close() } }
        try await TestMesh.with(1) { nodes in
            let seeds = nodes.compactMap(\.controlAddress)
            // The others reach it only through the relays.
            let hidden = Node(
                configuration: TestMesh.configuration("hidden", bind: address, advertise: "127.0.0.2", seeds: seeds))
            try await hidden.start()
            try await TestMesh.stopping([hidden]) {
                let numbers = Collector<Int>("events of the hidden node")
                let left = Collector<Value>("peers that left")
                nodes[0].bus.on("count") { (number: Int) in numbers.append(number) }
                nodes[0].bus.on(.peerLeft) { peer in left.append(peer) }
                await hidden.bus.emit("count", 0)
                #expect(await hidden.flush().isComplete)
                for relay in relays { relay.forget() }
                for number in 1...10 { await hidden.bus.emit("count", number) }
                try await numbers.wait(within: .seconds(60)) { $0.count == 11 }
                // The control link is made anew, too: an answer to a call comes over it.
                let before = await nodes[0].status().counters.mesh.redialled
                #expect(before > 0)
                #expect(relays.allSatisfy { $0.swallowed > 0 })
                let member = await hidden.member(within: .seconds(60)) {
                    $0.record.id == nodes[0].id && $0.state == .alive && $0.silence < .seconds(2)
                }
                #expect(member != nil)
                // What is emitted now is live again, over a stream that was made anew.
                await hidden.bus.emit("count", 11)
                #expect(await hidden.flush().isComplete)
                #expect(numbers.elements == Array(0...11))
                #expect(left.elements.isEmpty)
            }
        }
    }
}
