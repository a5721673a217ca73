// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The examples of the README, each a small program: `swift run Examples NAME`.
@main enum Examples {
    static func main() async throws {
        // What it prints is read line by line by whoever runs it.
        setlinebuf(stdout)
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "local-test": try await LocalTest.run()
        case "typed-tasks": try await TypedTasks.run()
        case "agent-worker": try await AgentWorker.run()
        case "several-agents": try await SeveralAgents.run(agents: Array(arguments.dropFirst()))
        default:
            print("usage: Examples local-test | typed-tasks | agent-worker | several-agents AGENT…")
        }
    }
}
