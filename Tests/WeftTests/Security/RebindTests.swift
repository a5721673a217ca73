// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftTestKit
import ZeroMQ

@testable import Weft

/// A port that is given up for a moment, and that somebody else takes in that moment.
@Suite(.timeLimit(.minutes(2)))
struct RebindTests {
    @Test func whoLosesItsPortSaysSoAndComesBackWhenItIsFree() async throws {
        let context = try Context()
        let other = try Socket(.pull, in: context)
        let endpoint = try other.bind("tcp://127.0.0.1:*")
        let loop = try SocketLoop(context: try Context())
        let troubles = Collector<String>("a trouble")
        let id = try loop.add(try Socket(.pull, in: loop.context), SocketHandlers(onMessages: { _ in }))
        loop.post {
            loop.bindAgain(id, at: endpoint) { trouble in
                switch trouble {
                case .deaf(endpoint, _): troubles.append("deaf")
                case .over(endpoint): troubles.append("over")
                default: troubles.append("elsewhere")
                }
            }
        }
        #expect(try await troubles.prefix(1) == ["deaf"])
        try other.unbind(endpoint)
        #expect(try await troubles.prefix(2) == ["deaf", "over"])
        await loop.shutdown(within: .seconds(2))
    }

    @Test func triesBecomeSeldom() {
        var pace = RebindPace()
        for _ in 0..<NodeDefaults.quickRebinds { #expect(pace.failed() == NodeDefaults.rebindInterval) }
        #expect(pace.isFirstTrouble)
        for _ in 0..<20 { _ = pace.failed() }
        #expect(!pace.isFirstTrouble && pace.isTrouble)
        #expect(pace.failed() == NodeDefaults.longestRebindInterval)
    }
}
