// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftProtocol
import WeftSimulation

/// Some hundreds of schedules; `make simulate` runs ten thousand larger ones.
struct TaskSimulationTests {
    @Test(arguments: 0..<4)
    func whateverHappensEveryPromiseIsKept(block: UInt64) throws {
        var totals = SimulationTotals<SimulationReport>()
        for seed in (block * 50 + 1)...(block * 50 + 50) {
            var simulation = TaskSimulation(seed: seed, settings: .short)
            do {
                try simulation.run()
            } catch {
                Issue.record(
                    "seed \(seed): \(error); its trace: WEFT_SIMULATION_SHORT=1 WEFT_SIMULATION_SEED=\(seed) Simulate")
                return
            }
            totals.add(simulation.report)
        }
        // A schedule in which nothing happens proves nothing.
        #expect(totals.rare.isEmpty, "\(totals.shares)")
        #expect(totals.fewestFaults >= 5)
    }

    @Test func theSameSeedIsTheSameRun() throws {
        for seed: UInt64 in 1...10 {
            var first = TaskSimulation(seed: seed, settings: .short)
            var second = TaskSimulation(seed: seed, settings: .short)
            try first.run()
            try second.run()
            #expect(first.report == second.report)
            #expect(first.report.digest != 0)
        }
    }

    @Test(arguments: SimulationMutant.allCases)
    func eachBrokenPromiseIsNoticed(mutant: SimulationMutant) throws {
        var settings = SimulationSettings.short
        settings.mutant = mutant
        for seed: UInt64 in 1...200 {
            var simulation = TaskSimulation(seed: seed, settings: settings)
            do {
                try simulation.run()
            } catch let violation as SimulationViolation {
                print("\(mutant.rawValue): noticed with seed \(seed): \(violation)")
                return
            }
        }
        Issue.record("200 schedules noticed nothing of \(mutant.rawValue)")
    }
}
