// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol

struct DispatcherRetryTests {
    private typealias Scene = DispatcherScene

    @Test func byDefaultOneFailureIsTheEnd() {
        var scene = Scene()
        scene.register()
        scene.accept("a", source: .platform, agentID: "x")
        scene.start("a")
        scene.finish("a", 1, .failed(TaskFailure("boom")))
        #expect(scene.ended.map(\.status.state) == [.dead])
        #expect(
            scene.reports.map(\.content) == [
                .final(status: "error", result: "boom", tokens: nil, usedTools: [], format: nil, task: nil)
            ])
    }

    @Test func failuresAreRetriedAsOftenAsTheTaskAllows() throws {
        var scene = Scene()
        scene.register()
        scene.accept("a", attempts: 3)
        for attempt in 1...2 {
            scene.finish("a", attempt, .failed(TaskFailure("boom \(attempt)")))
            #expect(scene.state("a") == .retrying)
            #expect(scene.ledger["a"]?.status.state == .retrying)
            scene.live(.seconds(4))
            #expect(scene.state("a") == .leased)
            #expect(scene.dispatcher.record(of: "a")?.status.attempt == attempt + 1)
        }
        scene.finish("a", 3, .failed(TaskFailure("boom 3")))
        let record = try #require(scene.ended.first)
        #expect(record.status.state == .dead)
        #expect(record.status.history.map(\.error) == ["boom 1", "boom 2", "boom 3"])
    }

    @Test func aHandlerMayForbidARetry() {
        var scene = Scene()
        scene.register()
        scene.accept("a", attempts: 5)
        scene.finish("a", 1, .failed(TaskFailure("boom", retry: .never)))
        #expect(scene.ended.map(\.status.state) == [.dead])
    }

    @Test func aHandlerMayAskForARetryAtATimeBeyondItsAttempts() {
        var scene = Scene()
        scene.register()
        scene.accept("a")
        scene.finish("a", 1, .failed(TaskFailure("later", retry: .at(scene.now.date.addingTimeInterval(60)))))
        #expect(scene.state("a") == .retrying)
        scene.live(.seconds(59))
        #expect(scene.state("a") == .retrying)
        scene.live(.seconds(2))
        #expect(scene.state("a") == .leased)
    }

    @Test func pausesGrowAreJitteredAndBounded() {
        var generator = SplitMix64(seed: 1)
        let policy = RetryPolicy()
        for failure in 1...20 {
            let ceiling = min(300, pow(2, Double(failure - 1)))
            let pauses = (0..<200).map { _ in
                policy.pause(afterFailure: failure, using: &generator).inSeconds
            }
            #expect(pauses.allSatisfy { $0 >= 0 && $0 <= ceiling })
            #expect((pauses.max() ?? 0) > ceiling * 0.9)
            #expect((pauses.min() ?? 1) < ceiling * 0.1)
        }
        #expect(policy.pause(afterFailure: .max, using: &generator) <= .seconds(300))
    }
}
