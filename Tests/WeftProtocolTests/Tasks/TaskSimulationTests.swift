// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WeftProtocol

struct TaskSimulationTests {
    @Test(arguments: 0..<8)
    func whateverHappensEveryAcceptedTaskEndsExactlyOnce(block: UInt64) throws {
        var crashes = 0
        var kills = 0
        var stale = 0
        var reclaimed = 0
        var repeated = 0
        for seed in (block * 5)..<(block * 5 + 5) {
            var simulation = try TaskSimulation(seed: seed)
            do {
                try simulation.run(tasks: 30, steps: 2000)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
            crashes += simulation.crashes
            kills += simulation.kills
            stale += simulation.stale
            reclaimed += simulation.reclaimed
            repeated += simulation.runs.values.count { $0 > 1 }
        }
        // A schedule in which nothing happens proves nothing.
        #expect(crashes > 0)
        #expect(kills > 0)
        #expect(stale > 0)
        #expect(reclaimed > 0)
        #expect(repeated > 0)
    }

    @Test func theSameSeedIsTheSameRun() throws {
        var first = try TaskSimulation(seed: 3)
        var second = try TaskSimulation(seed: 3)
        try first.run(tasks: 20, steps: 1000)
        try second.run(tasks: 20, steps: 1000)
        #expect(first.runs == second.runs)
        #expect(first.now == second.now)
    }
}
