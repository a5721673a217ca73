// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftSimulation

/// Some dozens of schedules of a whole cluster; `make simulate-mesh` runs as many as there is time for, and larger ones.
struct ClusterSimulationTests {
    @Test func whateverHappensToAClusterEveryPromiseIsKept() throws {
        for seed: UInt64 in 1...8 {
            var simulation = ClusterSimulation(seed: seed, settings: .short)
            do {
                try simulation.run()
            } catch {
                Issue.record(
                    "seed \(seed): \(error); its trace: WEFT_SIMULATION_SHORT=1 WEFT_SIMULATION_SEED=\(seed) Simulate mesh"
                )
                return
            }
            #expect(simulation.report.faults >= 5)
        }
    }

    @Test func theSameSeedIsTheSameRun() throws {
        for seed: UInt64 in [2, 3] {
            var first = ClusterSimulation(seed: seed, settings: .short)
            var second = ClusterSimulation(seed: seed, settings: .short)
            try first.run()
            try second.run()
            #expect(first.report == second.report)
            #expect(first.report.digest != 0)
        }
    }

    @Test(arguments: ClusterMutant.allCases)
    func eachBrokenPromiseOfTheMeshIsNoticed(mutant: ClusterMutant) throws {
        var settings = ClusterSettings.short
        settings.mutant = mutant
        // Where the first schedules cannot show it, those that can come first.
        let known: [ClusterMutant: UInt64] = [.deduplicationOff: 10, .goodbyeWithoutHead: 22, .repairUnpaced: 17]
        let first = known[mutant] ?? 1
        for seed in first...first + 200 {
            var simulation = ClusterSimulation(seed: seed, settings: settings)
            do {
                try simulation.run()
            } catch let violation as SimulationViolation {
                print("\(mutant.rawValue): noticed with seed \(seed): \(violation)")
                return
            }
        }
        Issue.record("200 schedules noticed nothing of \(mutant.rawValue)")
    }

    @Test func whatBreaksAPromiseIsShortened() throws {
        var settings = ClusterSettings.short
        settings.mutant = .gapAnnouncedTwice
        settings.dispatchEvery = 0
        let found = (1...200 as ClosedRange<UInt64>).lazy
            .compactMap { ClusterShrinker(ClusterScript(seed: $0, settings: settings), settings: settings, limit: 60) }
            .first
        var shrinker = try #require(found)
        let before = shrinker.script.steps.count
        shrinker.shrink()
        #expect(shrinker.script.steps.count < before / 2)
        // What is left breaks the same promise again.
        var again = ClusterSimulation(script: shrinker.script, settings: settings)
        #expect(throws: SimulationViolation.self) { try again.run() }
    }
}
