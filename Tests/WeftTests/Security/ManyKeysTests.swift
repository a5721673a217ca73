// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit

@testable import Weft

/// More trusted keys than are tried at once at an address of which nobody knows whose it is.
@Suite(.timeLimit(.minutes(2)))
struct ManyKeysTests {
    @Test func aSeedIsFoundAmongManyTrustedKeysAndARevocationAmongThemCostsNothing() async throws {
        try await SecureMesh.with { mesh in
            // The one that is there comes last in the order in which they are tried.
            for number in 0..<60 { try mesh.makeKey("absent-\(number)", roles: [.coordinator]) }
            for name in ["zoe", "alice"] { try mesh.makeKey(name) }
            let zoe = try mesh.node("zoe")
            try await zoe.start()
            let alice = try mesh.node("alice", joining: [zoe])
            let start = ContinuousClock.now
            try await alice.start()
            #expect(ContinuousClock.now - start < .seconds(20))
            try await TestMesh.stopping([alice, zoe]) {
                let heard = Collector<Int>("an event")
                zoe.bus.on("tick") { (number: Int) in heard.append(number) }
                await alice.bus.emit("tick", 1)
                #expect(try await heard.prefix(1) == [1])
                // Those who have never come in have no connections that would have to end.
                for number in 0..<30 { try mesh.revoke("absent-\(number)") }
                while zoe.core?.security?.trusts("absent-29") != false { try await Task.sleep(for: .milliseconds(5)) }
                #expect(await zoe.status().counters.security?.rebinds == 0)
                await alice.bus.emit("tick", 2)
                #expect(try await heard.prefix(2) == [1, 2])
            }
        }
    }
}
