// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs many seeded schedules, of the task plane or of a whole cluster, and says what happened in them.
///
///     Simulate [tasks|mesh] [SCHEDULES] [FIRST-SEED]
///
/// Settings: `WEFT_SIMULATION_SEED` runs one seed and prints its trace, `mesh` after having shortened what fails;
/// `WEFT_SIMULATION_SECONDS` begins no schedule after so long; `WEFT_SIMULATION_MUTANT` breaks a promise by its name;
/// `WEFT_SIMULATION_SHORT=1` takes schedules of the size that the test suite runs.
@main
struct Simulate {
    static func main() async {
        var arguments = CommandLine.arguments.dropFirst()
        let plane = arguments.first.flatMap { UInt64($0) == nil ? $0 : nil } ?? "tasks"
        if arguments.first == plane { arguments.removeFirst() }
        let numbers = arguments.map { UInt64($0) }
        guard ["tasks", "mesh"].contains(plane), numbers.count <= 2, !numbers.contains(nil) else {
            return Self.fail("usage: Simulate [tasks|mesh] [SCHEDULES] [FIRST-SEED]", code: 64)
        }
        let range = (
            count: numbers.first.flatMap { $0 } ?? 10_000, first: numbers.dropFirst().first.flatMap { $0 } ?? 1
        )
        let isShort = Self.variable("WEFT_SIMULATION_SHORT") != nil
        if plane == "mesh" {
            var settings: ClusterSettings = isShort ? .short : .init()
            guard Self.read(&settings.mutant) else { return }
            if let seed = Self.seed { return Self.shrink(seed, settings) }
            await Self.run(
                ClusterSimulation.self, range.count, from: range.first, settings,
                of: "\(settings.nodes) nodes")
        } else {
            var settings: SimulationSettings = isShort ? .short : .init()
            guard Self.read(&settings.mutant) else { return }
            if let seed = Self.seed { return Self.trace(TaskSimulation(seed: seed, settings: settings), seed) }
            await Self.run(
                TaskSimulation.self, range.count, from: range.first, settings, of: "\(settings.tasks) tasks")
        }
    }

    // MARK: - Many

    private static func run<S: Simulation>(
        _: S.Type, _ count: UInt64, from first: UInt64, _ settings: S.Settings, of what: String
    ) async {
        let clock = ContinuousClock()
        let start = clock.now
        let end = Self.variable("WEFT_SIMULATION_SECONDS").flatMap { Double($0) }.map { start + .seconds($0) }
        let lanes = UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var totals = SimulationTotals<S.Report>()
        var failures: [(seed: UInt64, reason: String)] = []
        // Each takes the next seed: some schedules take much longer than others.
        let next = Counter()
        await withTaskGroup(of: (SimulationTotals<S.Report>, [(UInt64, String)]).self) { group in
            for _ in 0..<lanes {
                group.addTask {
                    var totals = SimulationTotals<S.Report>()
                    var failures: [(UInt64, String)] = []
                    while failures.count < 5, end.map({ clock.now < $0 }) ?? true {
                        let index = next.take()
                        guard index < count else { break }
                        let seed = first + index
                        if index > 0, index.isMultiple(of: 10_000) { Self.warn("\(index) of \(count) begun") }
                        var simulation = S(seed: seed, settings: settings)
                        do {
                            try simulation.run()
                            totals.add(simulation.report)
                            guard let shortfall = simulation.shortfall else { continue }
                            failures.append((seed, shortfall))
                        } catch {
                            failures.append((seed, "\(error)"))
                        }
                        // At once, too: the rest may take half an hour.
                        Self.warn(failures.last.map { "seed \($0.0): \($0.1)" } ?? "")
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
        let plane = S.self == ClusterSimulation.self ? "mesh" : "tasks"
        for failure in failures.sorted(by: { $0.seed < $1.seed }) {
            print("seed \(failure.seed): \(failure.reason)")
            print("    again, with its trace: WEFT_SIMULATION_SEED=\(failure.seed) Simulate \(plane)")
        }
        guard totals.schedules > 0 else { exit(1) }
        print(
            "\(totals.schedules) schedules of \(what), at least \(totals.leastWork) \(plane == "mesh" ? "events" : "ends"), \(totals.fewestFaults) faults and \(totals.shortest / 1000) s each, in \(Self.rounded(seconds)) s: \(Self.rounded(Double(totals.schedules) / seconds)) a second, \(totals.events / totals.schedules) steps each, digest \(String(totals.digest, radix: 16))"
        )
        for (name, schedules) in totals.shares {
            print(
                "    with \(name): \(schedules) (\(Self.rounded(100 * Double(schedules) / Double(totals.schedules))) %)"
            )
        }
        if !totals.rare.isEmpty { print("too rare: \(totals.rare.joined(separator: ", "))") }
        exit(failures.isEmpty && totals.rare.isEmpty ? 0 : 1)
    }

    // MARK: - One

    private static func trace(_ simulation: some Simulation, _ seed: UInt64) {
        var simulation = simulation
        simulation.trace = { print($0) }
        do {
            try simulation.run()
            print("seed \(seed): every promise was kept, \(simulation.report)")
        } catch {
            print("seed \(seed): \(error)")
            exit(1)
        }
    }

    private static func shrink(_ seed: UInt64, _ settings: ClusterSettings) {
        let script = ClusterScript(seed: seed, settings: settings)
        guard var shrinker = ClusterShrinker(script, settings: settings) else {
            return Self.trace(ClusterSimulation(script: script, settings: settings), seed)
        }
        print("seed \(seed): \(shrinker.violation)")
        shrinker.shrink()
        print("shortened from \(script.steps.count) steps to \(shrinker.script.steps.count) in \(shrinker.runs) runs:")
        for line in shrinker.script.lines { print("    \(line)") }
        print("its trace:")
        Self.trace(ClusterSimulation(script: shrinker.script, settings: settings), seed)
    }

    // MARK: - Settings

    private static func read<Mutant: RawRepresentable & CaseIterable>(
        _ mutant: inout Mutant?
    ) -> Bool where Mutant.RawValue == String {
        guard let name = Self.variable("WEFT_SIMULATION_MUTANT") else { return true }
        mutant = Mutant(rawValue: name)
        if mutant == nil {
            let names = Mutant.allCases.map(\.rawValue).joined(separator: ", ")
            Self.fail("WEFT_SIMULATION_MUTANT is none of \(names)", code: 64)
        }
        return mutant != nil
    }

    private static var seed: UInt64? {
        guard let text = Self.variable("WEFT_SIMULATION_SEED") else { return nil }
        let seed = UInt64(text)
        if seed == nil { Self.fail("WEFT_SIMULATION_SEED is not a number", code: 64) }
        return seed
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }

    private static func warn(_ message: String) {
        let line = Array("Simulate: \(message)\n".utf8)
        _ = write(2, line, line.count)
    }

    private static func fail(_ message: String, code: Int32) {
        Self.warn(message)
        exit(code)
    }
}
