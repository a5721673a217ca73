// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import ZeroMQ

@testable import Weft

/// Who joins at an address does not know whose key answers there.
@Suite(.timeLimit(.minutes(2)))
struct SeedSearchTests {
    @Test func aCoordinatorIsTriedFirstAndNobodyElseWithIt() async throws {
        try await SecureMesh.with { mesh in
            try mesh.makeKey("zoe", roles: [.coordinator])
            for number in 0..<20 { try mesh.makeKey("n-\(number)") }
            let zoe = try mesh.node("zoe")
            try await zoe.start()
            try await TestMesh.stopping([zoe]) {
                for number in 0..<3 {
                    let node = try mesh.node("n-\(number)", joining: [zoe])
                    try await node.start()
                    await node.stop()
                }
                let counters = try #require(await zoe.status().counters.security)
                #expect(counters.otherServerKeys == 0)
                #expect(counters.refusedHandshakes == 0)
            }
        }
    }

    @Test func everyKeyOfALargeDirectoryIsTriedAndTheTriesAreNotTakenForStrangers() async throws {
        let count = 150
        try await SecureMesh.with { mesh in
            for number in 0..<count { try mesh.makeKey("n-\(number)") }
            // The last of all that are tried.
            try mesh.makeKey("zoe")
            let zoe = try mesh.node("zoe")
            try await zoe.start()
            try await TestMesh.stopping([zoe]) {
                let node = try mesh.node("n-0", joining: [zoe])
                try await node.start()
                await node.stop()
                let counters = try #require(await zoe.status().counters.security)
                #expect(counters.otherServerKeys > UInt64(count - SeedDial.width))
                #expect(counters.refusedHandshakes < counters.otherServerKeys)
            }
        }
    }

    @Test func aNodeThatFoundItsSeedAmongManyKeysStopsAtOnce() async throws {
        try await SecureMesh.with { mesh in
            for number in 0..<10 { try mesh.makeKey("n-\(number)") }
            let seed = try mesh.node("n-5")
            try await seed.start()
            try await TestMesh.stopping([seed]) {
                var shortest = Duration.seconds(60)
                // The machine may be busy once, and not always.
                for _ in 0..<5 {
                    let node = try mesh.node("n-0", joining: [seed])
                    try await node.start()
                    let start = ContinuousClock.now
                    await node.stop()
                    shortest = min(shortest, ContinuousClock.now - start)
                }
                #expect(shortest < NodeDefaults.linger * 0.8)
            }
        }
    }

    @Test func aSearchGoesOnWhereItWas() throws {
        let keys = try (0..<100).map { (key: try CurveKeyPair().publicKey, name: "n-\($0)") }
        var dial = SeedDial("tcp://127.0.0.1:1", candidates: keys, likely: 2)
        #expect(dial.next()?.name == "n-0")
        #expect(dial.next()?.name == "n-1")
        // Both could not be begun, and come again, last of all.
        var search = dial.unfinished
        let again = SeedDial("tcp://127.0.0.1:1", continuing: search, candidates: keys)
        #expect(!again.isExhausted)
        search = again.unfinished
        var rest = SeedDial("tcp://127.0.0.1:1", continuing: search, candidates: Array(keys.dropLast()))
        var names: [String] = []
        while let attempt = rest.next() { names.append(attempt.name) }
        #expect(!names.contains("n-99"), "it is trusted no more")
        #expect(names == ((2..<99) + [0, 1]).map { "n-\($0)" })
    }
}
