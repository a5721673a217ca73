// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Musl)
    @preconcurrency import Musl
#else
    @preconcurrency import Darwin
#endif

/// The examples of the README, each a small program: `swift run Examples NAME`.
@main enum Examples {
    static func main() async throws {
        // Whoever reads the output through a pipe wants each line when it is printed.
        setlinebuf(stdout)
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "tour": await BusTour.run()
        case "local-test": try await LocalTest.run()
        case "typed-tasks": try await TypedTasks.run()
        case "web": try await WebShop.run(port: arguments.dropFirst().first.flatMap(Int.init) ?? 8080)
        case "agent-worker": try await AgentWorker.run()
        case "several-agents": try await SeveralAgents.run(agents: Array(arguments.dropFirst()))
        default:
            print("usage: Examples tour | local-test | web PORT | typed-tasks | agent-worker | several-agents AGENT…")
        }
    }
}
