// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit
import WeftValue

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `coordinator --ledger PATH`, as a process that is killed and started again.
struct LedgerCommandTests {
    @Test func tasksOutliveTheirCoordinator() async throws {
        try await ProcessHarness.run { harness in
            let file = try harness.temporaryDirectory() + "/tasks.ledger"
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let arguments = ["coordinator", "--bind", endpoint, "--ledger", file]
            let first = try harness.weft(arguments)
            _ = try await first.endpoint()
            let input = (1...20).map { "task \($0)\n" }.joined()
            let submit = try harness.weft("submit", "-", "--join", endpoint, input: .text(input))
            try await submit.exit(expecting: .code(0))
            let ids = submit.output.elements
            #expect(Set(ids).count == 20)
            first.signal(SIGKILL)
            _ = try await first.exit()
            let second = try harness.weft(arguments)
            _ = try await second.endpoint()
            _ = try await second.errorLine(containing: file)
            _ = try harness.weft("worker", "--exec", "cat", "--slots", "4", "--join", endpoint)
            var results: Set<String> = []
            for id in ids {
                let deadline = Date().addingTimeInterval(60)
                while true {
                    let show = try harness.weft("tasks", "show", id, "--json", "--join", endpoint)
                    try await show.exit(expecting: .code(0))
                    let task = try Value(json: try #require(show.output.elements.first))
                    if let result = task["result"]?.stringValue {
                        results.insert(result)
                        break
                    }
                    guard Date() < deadline else { throw TimedOut(awaited: "the end of \(id)", limit: .seconds(60)) }
                }
            }
            #expect(results == Set((1...20).map { "\"task \($0)\"" }))
        }
    }

    @Test func aLedgerThatCannotBeUsedIsNamed() async throws {
        try await ProcessHarness.run { harness in
            let directory = try harness.temporaryDirectory()
            let foreign = directory + "/notes.txt"
            try Data("These are somebody's notes, and no ledger.\n".utf8).write(to: URL(filePath: foreign))
            let used = directory + "/used.ledger"
            _ = try await harness.weft("coordinator", "--bind", anyPort, "--ledger", used).endpoint()
            for (path, hint) in [
                (foreign, "not a ledger"), (used, "Another coordinator"), (directory + "/no/such.ledger", "folder"),
            ] {
                let coordinator = try harness.weft("coordinator", "--bind", anyPort, "--ledger", path)
                try await coordinator.exit(expecting: .code(78))
                _ = try await coordinator.errorLine(containing: hint)
            }
            #expect(try Data(contentsOf: URL(filePath: foreign)).starts(with: Data("These".utf8)))
        }
    }
}
