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
    static func main() async {
        // Whoever reads the output through a pipe wants each line when it is printed.
        setlinebuf(stdout)
        do {
            try await Self.run(CommandLine.arguments.dropFirst())
        } catch {
            // Errors say what to do; without this they would come with a trap and a stack trace.
            fputs("\(error)\n", stderr)
            exit(1)
        }
    }

    private static func run(_ arguments: ArraySlice<String>) async throws {
        switch arguments.first {
        case "tour": await BusTour.run()
        case "local-test": try await LocalTest.run()
        case "typed-tasks": try await TypedTasks.run()
        case "payments": try await PaymentService.run(endpoint: Self.endpoint(arguments))
        case "orders": try await OrderService.run(endpoint: Self.endpoint(arguments))
        case "web": try await WebShop.run(port: arguments.dropFirst().first.flatMap(Int.init) ?? 8080)
        case "agent-worker": try await AgentWorker.run()
        case "several-agents": try await SeveralAgents.run(agents: Array(arguments.dropFirst()))
        default: print("usage: Examples \(Self.usage)")
        }
    }

    private static let usage =
        "tour | payments [ENDPOINT] | orders [ENDPOINT] | web [PORT] | local-test | typed-tasks | agent-worker"
        + " | several-agents AGENT…"

    private static func endpoint(_ arguments: ArraySlice<String>) -> String {
        arguments.dropFirst().first ?? "tcp://127.0.0.1:7400"
    }
}
