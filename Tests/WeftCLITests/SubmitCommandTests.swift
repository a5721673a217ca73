// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit
import WeftValue

/// `submit` and `status`, with a coordinator and a worker as processes.
struct SubmitCommandTests {
    private static func cluster(_ harness: ProcessHarness, exec: String, worker: Bool = true) async throws -> String {
        let endpoint = try await harness.weft("coordinator", "--bind", anyPort, "--ledger", "memory").endpoint()
        if worker {
            let process = try harness.weft("worker", "--exec", exec, "--join", endpoint, "--name", "w-1")
            _ = try await process.errorLine(containing: ": ready")
        }
        return endpoint
    }

    @Test func aSubmittedTaskPrintsItsResult() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "read task; echo \"got $task in $WEFT_NAME\"")
            let submit = try harness.weft("submit", "hello", "--wait", "--join", endpoint)
            try await submit.exit(expecting: .code(0))
            #expect(submit.output.elements == [#"got "hello" in w-1"#])
            let data = try harness.weft(
                "submit", #"{"order": 1}"#, "--data", "--wait", "--json", "--id", "o-1", "--join", endpoint)
            try await data.exit(expecting: .code(0))
            let report = try Value(json: try #require(data.output.elements.first))
            #expect(report == ["id": "o-1", "status": "completed", "result": #"got {"order":1} in w-1"#])
        }
    }

    @Test func aFailedTaskFailsTheCommandWithItsMessage() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "echo 'out of stock' >&2; exit 65")
            let submit = try harness.weft("submit", "hello", "--wait", "--join", endpoint)
            try await submit.exit(expecting: .code(1))
            _ = try await submit.errorLine(containing: "out of stock")
        }
    }

    @Test func linesAreTasksAndABadOneIsReportedByNumber() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "cat")
            let input = (1...300).map { $0 == 7 ? "not json\n" : "\($0)\n" }.joined()
            let submit = try harness.weft(
                "submit", "-", "--data", "--wait", "--json", "--join", endpoint, input: .text(input))
            try await submit.exit(expecting: .code(65))
            _ = try await submit.errorLine(containing: "line 7")
            let results = try submit.output.elements.compactMap { try Value(json: $0)["result"]?.stringValue }
            #expect(Set(results) == Set((1...300).filter { $0 != 7 }.map(String.init)))
            #expect(results.count == 299)
        }
    }

    @Test(arguments: [("--queue", 0, "\"q\" of a submission"), ("--id", 1025, "1025"), ("--task", 1025, "name")])
    func whatCannotBeMeantIsBadInputAndNotForAnotherTry(flag: String, length: Int, complaint: String) async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "cat", worker: false)
            let text = String(repeating: "n", count: length)
            let submit = try harness.weft("submit", "hello", flag, text, "--join", endpoint)
            try await submit.exit(expecting: .code(65))
            _ = try await submit.errorLine(containing: complaint)
        }
    }

    @Test func withoutACoordinatorItGivesUpInTime() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts()
            let seed = try harness.weft("listen", "a", "--bind", "tcp://127.0.0.1:\(port)")
            _ = try await seed.errorLine(containing: ": ready")
            let submit = try harness.weft("submit", "hello", "--timeout", "1", "--join", "tcp://127.0.0.1:\(port)")
            try await submit.exit(expecting: .code(69))
            _ = try await submit.errorLine(containing: "oordinator")
        }
    }

    @Test func aResultThatDoesNotComeIsATimeout() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "cat", worker: false)
            let submit = try harness.weft("submit", "hello", "--wait", "--timeout", "1", "--join", endpoint)
            try await submit.exit(expecting: .code(124))
        }
    }

    @Test func statusShowsTheClusterFromAnyNode() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "cat")
            // A task that has run shows that the worker is registered.
            let submit = try harness.weft("submit", "hello", "--wait", "--join", endpoint)
            try await submit.exit(expecting: .code(0))
            let status = try harness.weft("status", "--json", "--join", endpoint)
            try await status.exit(expecting: .code(0))
            let report = try Value(json: try #require(status.output.elements.first))
            #expect(report["members"]?.arrayValue?.count == 2)
            #expect(report["coordinator"]?["workers"]?[0]?["name"] == "w-1")
            #expect(report["coordinator"]?["counters"]?["completed"] == 1)
            #expect(report["verdict"] == "2 members, 1 worker")
            for member in report["members"]?.arrayValue ?? [] {
                #expect(member["counters"]?["gaps"] == 0 && member["counters"]?["unsent"] != nil)
                #expect(member["memory"]?["ownWindow"]?.intValue != nil)
            }
            let counters = try harness.weft("status", "--counters", "--join", endpoint)
            try await counters.exit(expecting: .code(0))
            #expect(!counters.output.elements.contains { $0.contains("did not answer") })
            let text = try harness.weft("status", "--join", endpoint)
            try await text.exit(expecting: .code(0))
            #expect(text.output.elements.contains { $0.contains("w-1") && $0.contains("alive") })
        }
    }

    @Test(arguments: ["worker", "coordinator"])
    func oneThatWaitsForTheMeshSaysSoAndEndsAtTheFirstSignal(command: String) async throws {
        try await ProcessHarness.run { harness in
            let seed = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let handler = command == "worker" ? ["--exec", "cat"] : []
            let process = try harness.weft([command, "--join", seed] + handler)
            _ = try await process.errorLine(containing: "no member of the mesh has answered at \(seed) yet")
            process.terminate()
            // A coordinator works without anybody to join, so it has something to finish; a worker has not.
            try await process.exit(expecting: .code(command == "worker" ? 130 : 0))
        }
    }

    @Test func ctrlCLeavesWhatWasAcceptedAndSaysHowMany() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "cat", worker: false)
            let submit = try harness.weft("submit", "-", "--join", endpoint, input: .open)
            submit.write("1\n2\n3\n")
            _ = try await submit.output.prefix(3)
            submit.interrupt()
            try await submit.exit(expecting: .code(130))
            _ = try await submit.errorLine(containing: "3 tasks were accepted and go on")
            let list = try harness.weft("tasks", "ls", "--json", "--state", "unfinished", "--join", endpoint)
            try await list.exit(expecting: .code(0))
            #expect(list.output.count == 3)
        }
    }

    @Test func ctrlCWhileItWaitsSaysWhichTaskGoesOn() async throws {
        try await ProcessHarness.run { harness in
            let began = try harness.temporaryDirectory() + "/began"
            try await harness.start("/usr/bin/mkfifo", [began]).exit(expecting: .code(0))
            let reader = try harness.start("/bin/cat", [began])
            let endpoint = try await Self.cluster(harness, exec: "echo up >\(began); exec sleep 600")
            let submit = try harness.weft("submit", "x", "--id", "c-1", "--wait", "--join", endpoint)
            _ = try await reader.line(containing: "up")
            submit.interrupt()
            try await submit.exit(expecting: .code(130))
            _ = try await submit.errorLine(containing: "interrupted; task c-1 was accepted and goes on")
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
    func aTerminalSeesHowFarItIsAndAPipeDoesNot() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "cat")
            let file = try harness.temporaryDirectory() + "/lines"
            let lines = (1...500).map { "\($0)\n" }.joined()
            try Data(lines.utf8).write(to: URL(filePath: file))
            let weft = try ProcessHarness.weftPath()
            let command = "\(weft) submit - --wait --join \(endpoint) < \(file) > \(file).out"
            let script = try harness.start("/usr/bin/script", ["-qec", command, "/dev/null"])
            try await script.exit(expecting: .code(0))
            let seen = script.output.elements.joined()
            #expect(seen.contains("done") && seen.contains("running") && seen.contains("%"))
            let plain = try harness.weft("submit", "-", "--wait", "--join", endpoint, input: .text(lines))
            try await plain.exit(expecting: .code(0))
            #expect(plain.errors.elements.isEmpty)
            #expect(plain.output.count == 500)
        }
    }

    @Test func outputThatCannotBeWrittenFailsTheCommand() async throws {
        try await ProcessHarness.run { harness in
            let endpoint = try await Self.cluster(harness, exec: "cat", worker: false)
            let weft = try ProcessHarness.weftPath()
            let submit = try harness.start("/bin/bash", ["-c", "\(weft) submit x --join \(endpoint) > /dev/full"])
            try await submit.exit(expecting: .code(1))
            _ = try await submit.errorLine(containing: "No space left")
        }
    }

    @Test func twoCoordinatorsAreSaidByStatusAndByThemselves() async throws {
        try await ProcessHarness.run { harness in
            let first = try harness.weft("coordinator", "--bind", anyPort, "--ledger", "memory", "--name", "one")
            let endpoint = try await first.endpoint()
            let second = try harness.weft(
                "coordinator", "--bind", anyPort, "--ledger", "memory", "--name", "two", "--join", endpoint)
            _ = try await second.endpoint()
            _ = try await second.errorLine(containing: "A second coordinator serves this mesh")
            _ = try await first.errorLine(containing: "A second coordinator serves this mesh")
            let status = try harness.weft("status", "--join", endpoint)
            try await status.exit(expecting: .code(0))
            let verdict = try #require(status.output.elements.last)
            #expect(verdict.contains("2 coordinators") && verdict.contains("one") && verdict.contains("two"))
        }
    }

    @Test func aTakenPortIsSaidOnce() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts(8)
            let first = try harness.weft("coordinator", "--bind", "tcp://127.0.0.1:\(port)", "--ledger", "memory")
            _ = try await first.endpoint()
            // The sink of the first, and the sink of the second at the first's control port, too.
            for bind in [port, port + 1, port - 2] {
                let other = try harness.weft(
                    "coordinator", "--bind", "tcp://127.0.0.1:\(bind)", "--ledger", "memory")
                try await other.exit(expecting: .code(78))
                let line = try await other.errorLine(containing: "another program has tcp://127.0.0.1:")
                #expect(line.split(separator: "another").count == 3 && !line.contains("in use"))
            }
        }
    }
}
