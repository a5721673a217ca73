// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftProtocol
import WeftTestKit
import ZeroMQ

@testable import Weft

@Suite(.timeLimit(.minutes(3)))
struct SlowConsumerTests {
    /// Each batch that it takes is progress, and each keeps the others waiting.
    @Test func whoIsSlowButMovesIsLeftBehindAndTheOthersHaveEverything() async throws {
        try await TestMesh.with(2) { nodes in
            let numbers = Collector<Int>("events")
            nodes[1].bus.on("blob") { (number: Int, _: [UInt8]) in numbers.append(number) }
            let publish = try #require(
                await nodes[0].members().first { $0.record.id == nodes[0].id }?.record.publish)
            let reader = try SlowReader(of: publish, pause: .milliseconds(20))
            while reader.messages.count == 0 {
                await nodes[0].bus.emit("hello", 0)
                _ = await nodes[0].flush()
            }
            let blob = [UInt8](repeating: 7, count: 100_000)
            var count = 0
            while await nodes[0].status().counters.leftBehind == 0 {
                for _ in 0..<32 {
                    await nodes[0].bus.emit("blob", count, blob)
                    count += 1
                }
                try #require(count < 2_000)
            }
            let total = count
            #expect(reader.messages.count > 2)
            try await numbers.wait(within: .seconds(60)) { $0.count == total }
            #expect(numbers.elements == Array(0..<total))
            await reader.close()
        }
    }

    /// Also when a connection is lost with all that is in it.
    @Test func whoWaitsForTheSlowestLosesNothingWithAConnection() async throws {
        let address = try await TestMesh.freeAddress()
        let port = try #require(try Endpoint(address).port)
        let relays = try [port, port + 1].map { try Relay(from: "127.0.0.2", to: "127.0.0.1", port: UInt16($0)) }
        defer { for relay in relays { relay.close() } }
        var configuration = TestMesh.configuration(
            "emitter", bind: address, advertise: "127.0.0.2", waitForSlowest: true)
        configuration.replayWindow = 2 << 20
        let emitter = Node(configuration: configuration)
        try await emitter.start()
        try await TestMesh.stopping([emitter]) {
            let receiver = TestMesh.node("receiver", joining: [emitter])
            let numbers = Collector<Int>("events")
            receiver.bus.on("blob") { (number: Int, _: [UInt8]) in numbers.append(number) }
            try await receiver.start()
            try await TestMesh.stopping([receiver]) {
                _ = await emitter.member(within: .seconds(10)) { $0.record.id == receiver.id && $0.isJoined }
                let blob = [UInt8](repeating: 7, count: 100_000)
                for number in 0..<200 {
                    // More than the window holds goes after that.
                    if number == 20 { relays[1].forget() }
                    await emitter.bus.emit("blob", number, blob)
                }
                try await numbers.wait(within: .seconds(100)) { $0.count == 200 }
                #expect(numbers.elements == Array(0..<200))
                #expect(await receiver.status().counters.mesh.gaps == 0)
                #expect(await emitter.status().counters.heldForSlowest > 0)
            }
        }
    }
}
