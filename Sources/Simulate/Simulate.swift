// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs many seeded schedules of the task plane, and says what happened in them.
///
///     Simulate [SCHEDULES] [FIRST-SEED]
///
/// Settings: `WEFT_SIMULATION_SEED` runs one seed and prints its trace; `WEFT_SIMULATION_MUTANT` breaks a promise by its name;
/// `WEFT_SIMULATION_SHORT=1` takes schedules of the size that the test suite runs.
@main
struct Simulate {
    static func main() async {
        var settings = Self.variable("WEFT_SIMULATION_SHORT") == nil ? SimulationSettings() : .short
        if let name = Self.variable("WEFT_SIMULATION_MUTANT") {
            guard let mutant = SimulationMutant(rawValue: name) else {
                let names = SimulationMutant.allCases.map(\.rawValue).joined(separator: ", ")
                return Self.fail("WEFT_SIMULATION_MUTANT is none of \(names)", code: 64)
            }
            settings.mutant = mutant
        }
        if let text = Self.variable("WEFT_SIMULATION_SEED") {
            guard let seed = UInt64(text) else { return Self.fail("WEFT_SIMULATION_SEED is not a number", code: 64) }
            return Self.trace(seed, settings)
        }
        let numbers = CommandLine.arguments.dropFirst().map { UInt64($0) }
        guard numbers.count <= 2, !numbers.contains(nil) else {
            return Self.fail("usage: Simulate [SCHEDULES] [FIRST-SEED]", code: 64)
        }
        await Self.run(
            numbers.first.flatMap { $0 } ?? 10_000, from: numbers.dropFirst().first.flatMap { $0 } ?? 1, settings)
    }

    private static func run(_ count: UInt64, from first: UInt64, _ settings: SimulationSettings) async {
        let clock = ContinuousClock()
        let start = clock.now
        let lanes = UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var totals = SimulationTotals()
        var failures: [(seed: UInt64, reason: String)] = []
        await withTaskGroup(of: (SimulationTotals, [(UInt64, String)]).self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    var totals = SimulationTotals()
                    var failures: [(UInt64, String)] = []
                    for seed in stride(from: first + lane, to: first + count, by: Int(lanes)) where failures.count < 5 {
                        var simulation = TaskSimulation(seed: seed, settings: settings)
                        do {
                            try simulation.run()
                            totals.add(simulation.report, tasks: settings.tasks)
                        } catch {
                            failures.append((seed, "\(error)"))
                        }
                    }
                    return (totals, failures)
                }
            }
            for await (more, failed) in group {
                totals.add(more)
                failures += failed.map { (seed: $0.0, reason: $0.1) }
            }
        }
        let seconds = (clock.now - start) / .seconds(1)
        for failure in failures.sorted(by: { $0.seed < $1.seed }) {
            print("seed \(failure.seed): \(failure.reason)")
            print("    again, with its trace: WEFT_SIMULATION_SEED=\(failure.seed) Simulate")
        }
        guard totals.schedules > 0 else { exit(1) }
        print(
            "\(totals.schedules) schedules of \(settings.tasks) tasks and at least \(totals.fewestFaults) faults in \(Self.rounded(seconds)) s: \(Self.rounded(Double(totals.schedules) / seconds)) a second, \(totals.events / totals.schedules) events each, digest \(String(totals.digest, radix: 16))"
        )
        for (name, schedules) in totals.shares {
            print(
                "    with \(name): \(schedules) (\(Self.rounded(100 * Double(schedules) / Double(totals.schedules))) %)"
            )
        }
        if !totals.rare.isEmpty { print("too rare: \(totals.rare.joined(separator: ", "))") }
        exit(failures.isEmpty && totals.rare.isEmpty ? 0 : 1)
    }

    private static func trace(_ seed: UInt64, _ settings: SimulationSettings) {
        var simulation = TaskSimulation(seed: seed, settings: settings)
        simulation.trace = { print($0) }
        do {
            try simulation.run()
            print("seed \(seed): every promise was kept, \(simulation.report)")
        } catch {
            print("seed \(seed): \(error)")
            exit(1)
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }

    private static func fail(_ message: String, code: Int32) {
        let line = Array("Simulate: \(message)\n".utf8)
        _ = write(2, line, line.count)
        exit(code)
    }
}
