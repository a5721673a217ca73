// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftTestKit
import WeftValue

/// `tasks` and `dead`, with a coordinator on a ledger file and a worker as processes.
struct TaskCommandTests {
    /// Fails what says bad, as long as there is no file "mended" beside it, and echoes the rest; holds what says slow.
    private static let handler = """
        read task
        case "$task" in
          *bad*) if [ -e "$(dirname "$0")/mended" ]; then echo "mended $task"; else echo "out of stock" >&2; exit 1; fi ;;
          *slow*) exec sleep 600 ;;
          *) echo "got $task" ;;
        esac
        """

    /// Runs a test with a coordinator and a worker.
    private static func cluster(
        _ body: (ProcessHarness, _ endpoint: String, _ folder: String) async throws -> Void
    ) async throws {
        try await ProcessHarness.run { harness in
            let script = try harness.script(Self.handler)
            let folder = try #require(script.lastIndex(of: "/").map { String(script[..<$0]) })
            let endpoint = try await harness.weft(
                "coordinator", "--bind", anyPort, "--ledger", folder + "/tasks.ledger"
            ).endpoint()
            let worker = try harness.weft("worker", "--exec", script, "--join", endpoint, "--name", "w-1")
            _ = try await worker.errorLine(containing: ": ready")
            try await body(harness, endpoint, folder)
        }
    }

    /// Runs a command to its end, and gives back what it printed.
    private static func weft(
        _ harness: ProcessHarness, _ endpoint: String, _ arguments: String..., expecting code: Int32 = 0,
        complaint: String? = nil
    ) async throws -> [String] {
        let process = try harness.weft(arguments, environment: ["WEFT_JOIN": endpoint])
        try await process.exit(expecting: .code(code))
        if let complaint { _ = try await process.errorLine(containing: complaint, within: .seconds(1)) }
        return process.output.elements
    }

    private static func values(_ lines: [String]) throws -> [Value] { try lines.map { try Value(json: $0) } }

    @Test func aListShowsTheTasksThatMatchTheNewestFirst() async throws {
        try await Self.cluster { harness, endpoint, _ in
            for id in ["a-1", "a-2", "a-3"] {
                _ = try await Self.weft(harness, endpoint, "submit", id, "--id", id, "--wait", "--key", "k-\(id)")
            }
            _ = try await Self.weft(harness, endpoint, "submit", "bad", "--id", "b-1", "--wait", expecting: 1)
            let all = try Self.values(try await Self.weft(harness, endpoint, "tasks", "ls", "--json"))
            #expect(all.map { $0["id"] } == ["b-1", "a-3", "a-2", "a-1"])
            #expect(all.map { $0["state"] } == ["dead", "completed", "completed", "completed"])
            #expect(all.last?["result"] == "got \"a-1\"")
            #expect(all.last?["worker"]?["name"] == "w-1")
            let time = try #require(all.last?["accepted"]?.stringValue)
            #expect(abs(try #require(Date(rfc3339: time)).timeIntervalSinceNow) < 120)
            let dead = try Self.values(
                try await Self.weft(harness, endpoint, "tasks", "ls", "--state", "dead", "--json"))
            #expect(dead.map { $0["id"] } == ["b-1"])
            let keyed = try Self.values(
                try await Self.weft(harness, endpoint, "tasks", "ls", "--key", "k-a-2", "--json"))
            #expect(keyed.map { $0["id"] } == ["a-2"])
            for none in [["--queue", "other"], ["--since", "2100-01-01T00:00:00Z"], ["--worker", "nobody"]] {
                let process = try harness.weft(["tasks", "ls", "--json"] + none, environment: ["WEFT_JOIN": endpoint])
                try await process.exit(expecting: .code(0))
                #expect(process.output.elements.isEmpty)
            }
            let held = try Self.values(
                try await Self.weft(harness, endpoint, "tasks", "ls", "--worker", "w-1", "--since", "1h", "--json"))
            #expect(held.count == 4)
            let two = try harness.weft("tasks", "ls", "--limit", "2", "--join", endpoint)
            try await two.exit(expecting: .code(0))
            #expect(two.output.count == 3)
            #expect(two.output.elements.first?.contains("STATE") == true)
            _ = try await two.errorLine(containing: "there are more", within: .seconds(1))
            let most = try await Self.weft(harness, endpoint, "tasks", "ls", "--limit", "\(Int.max)", "--json")
            #expect(most.count == 4)
            // Without a subcommand it lists.
            #expect(try await Self.weft(harness, endpoint, "tasks").count == 5)
        }
    }

    @Test func aListIsNotCutOffWithAPage() async throws {
        try await Self.cluster { harness, endpoint, _ in
            let input = (1...2500).map { "\($0)\n" }.joined()
            let submit = try harness.weft(
                "submit", "-", "--not-before", "1h", "--join", endpoint, input: .text(input))
            try await submit.exit(expecting: .code(0))
            let lines = try await Self.weft(harness, endpoint, "tasks", "ls", "--limit", "0", "--json")
            let ids = try Self.values(lines).compactMap { $0["id"]?.stringValue }
            #expect(ids.count == 2500)
            #expect(Set(ids) == Set(submit.output.elements))
        }
    }

    @Test func everythingIsShownOfATaskByTheBeginningOfItsID() async throws {
        try await Self.cluster { harness, endpoint, _ in
            _ = try await Self.weft(
                harness, endpoint, "submit", "bad apple", "--id", "order-0001", "--wait", "--attempts", "2",
                "--worker-losses", "4", "--wait-limit", "1h", "--time-limit", "90s", "--total-limit", "1d",
                "--priority", "7", "--key", "eve", expecting: 1)
            _ = try await Self.weft(harness, endpoint, "submit", "fine", "--id", "order-0002", "--wait")
            let shown = try Self.values(try await Self.weft(harness, endpoint, "tasks", "show", "order-0001", "--json"))
            let task = try #require(shown.first)
            #expect(task["payload"] == "bad apple")
            #expect(task["error"] == "out of stock")
            #expect(task["priority"] == 7)
            #expect(task["key"] == "eve")
            #expect(
                task["limits"] == [
                    "attempts": 2, "worker_losses": 4, "wait_seconds": 3600.0, "time_seconds": 90.0,
                    "total_seconds": 86400.0,
                ])
            let attempts = try #require(task["attempts"]?.arrayValue)
            #expect(attempts.map { $0["attempt"] } == [1, 2])
            for attempt in attempts {
                #expect(attempt["error"] == "out of stock")
                #expect(attempt["worker"]?["name"] == "w-1")
                let started = try #require(attempt["started"]?.stringValue.flatMap { Date(rfc3339: $0) })
                let ended = try #require(attempt["ended"]?.stringValue.flatMap { Date(rfc3339: $0) })
                #expect(started <= ended)
                #expect((attempt["seconds"]?.doubleValue ?? -1) >= 0)
            }
            let text = try await Self.weft(harness, endpoint, "tasks", "show", "order-0001")
            for part in ["out of stock", "bad apple", "w-1", "wait 60m", "one attempt 90s", "attempts 2"] {
                #expect(text.contains { $0.contains(part) }, "\(part) is in none of \(text)")
            }
            #expect(try await Self.weft(harness, endpoint, "tasks", "show", "order-0001…").first == "task order-0001")
            _ = try await Self.weft(
                harness, endpoint, "tasks", "show", "order-", expecting: 1, complaint: "several tasks' ids begin with")
            _ = try await Self.weft(
                harness, endpoint, "tasks", "show", "nosuch", expecting: 1, complaint: "no task has the id 'nosuch'")
        }
    }

    @Test func waitingTasksAreCancelledAtOnceAndRunningOnesByTheirWorker() async throws {
        try await Self.cluster { harness, endpoint, _ in
            _ = try await Self.weft(harness, endpoint, "submit", "x", "--id", "later", "--not-before", "1h")
            let slow = try harness.weft("submit", "slow", "--id", "slow", "--wait", "--join", endpoint)
            try await Self.until { try await Self.state(of: "slow", harness, endpoint) == "running" }
            let lines = try await Self.weft(
                harness, endpoint, "tasks", "cancel", "later", "slow", "nosuch", "--reason", "not needed", expecting: 1,
                complaint: "nosuch")
            #expect(lines == ["cancelled later", "asked its worker to stop: slow"])
            try await slow.exit(expecting: .code(1))
            _ = try await slow.errorLine(containing: "not needed")
            _ = try await Self.weft(
                harness, endpoint, "tasks", "cancel", "slow", expecting: 1, complaint: "it is cancelled")
        }
    }

    @Test func aTaskThatWaitsForItsTimeOrWasCancelledRunsOnRetry() async throws {
        try await Self.cluster { harness, endpoint, _ in
            _ = try await Self.weft(harness, endpoint, "submit", "x", "--id", "later", "--not-before", "1h")
            #expect(try await Self.weft(harness, endpoint, "tasks", "retry", "later") == ["queued again later"])
            try await Self.until { try await Self.state(of: "later", harness, endpoint) == "completed" }
            _ = try await Self.weft(
                harness, endpoint, "tasks", "retry", "later", expecting: 1, complaint: "completed")
            _ = try await Self.weft(harness, endpoint, "submit", "y", "--id", "never", "--not-before", "1h")
            _ = try await Self.weft(harness, endpoint, "tasks", "cancel", "never")
            _ = try await Self.weft(harness, endpoint, "tasks", "retry", "never", "--json")
            try await Self.until { try await Self.state(of: "never", harness, endpoint) == "completed" }
        }
    }

    @Test func aDeadLetterOfAnEarlierCoordinatorCompletesAfterRequeueOnceItsHandlerIsMended() async throws {
        try await ProcessHarness.run { harness in
            let script = try harness.script(Self.handler)
            let folder = try #require(script.lastIndex(of: "/").map { String(script[..<$0]) })
            let endpoint = "tcp://127.0.0.1:\(try ProcessHarness.freePorts())"
            let arguments = ["coordinator", "--bind", endpoint, "--ledger", folder + "/tasks.ledger"]
            let first = try harness.weft(arguments)
            _ = try await first.endpoint()
            let worker = try harness.weft("worker", "--exec", script, "--join", endpoint, "--name", "w-1")
            _ = try await worker.errorLine(containing: ": ready")
            _ = try await Self.weft(
                harness, endpoint, "submit", "bad", "--id", "letter", "--wait", "--attempts", "2", expecting: 1)
            first.kill()
            _ = try await first.exit()
            // The new one knows the task only from the ledger.
            _ = try await harness.weft(arguments).endpoint()
            let shown = try await Self.weft(harness, endpoint, "dead", "show", "letter", "--json")
            let letter = try #require(try Self.values(shown).first)
            #expect(letter["attempts"]?.arrayValue?.map { $0["error"] } == ["out of stock", "out of stock"])
            try Data().write(to: URL(filePath: folder + "/mended"))
            #expect(try await Self.weft(harness, endpoint, "dead", "requeue", "letter") == ["requeued letter"])
            try await Self.until { try await Self.state(of: "letter", harness, endpoint) == "completed" }
            let mended = try Self.values(try await Self.weft(harness, endpoint, "tasks", "show", "letter", "--json"))
            #expect(mended.first?["result"] == "mended \"bad\"")
            #expect(mended.first?["requeues"] == 1)
            #expect(
                mended.first?["attempts"]?.arrayValue?.prefix(2).map { $0["error"] } == [
                    "out of stock", "out of stock",
                ])
            _ = try await Self.weft(
                harness, endpoint, "dead", "requeue", "letter", expecting: 1, complaint: "no dead letter")
            _ = try await Self.weft(
                harness, endpoint, "dead", "show", "letter", expecting: 1, complaint: "no dead letter")
        }
    }

    @Test func allDeadLettersThatMatchAreRequeuedOrDropped() async throws {
        try await Self.cluster { harness, endpoint, folder in
            for (id, queue) in [("d-1", "mail"), ("d-2", "mail"), ("d-3", "default"), ("d-4", "default")] {
                _ = try await Self.weft(
                    harness, endpoint, "submit", "bad", "--id", id, "--queue", queue, "--wait", expecting: 1)
            }
            #expect(try await Self.weft(harness, endpoint, "dead").count == 5)
            #expect(try await Self.weft(harness, endpoint, "dead", "drop", "d-4") == ["dropped d-4"])
            _ = try await Self.weft(
                harness, endpoint, "tasks", "show", "d-4", expecting: 1, complaint: "no task has the id")
            try Data().write(to: URL(filePath: folder + "/mended"))
            let requeued = try harness.weft("dead", "requeue", "--all", "--queue", "mail", "--join", endpoint)
            try await requeued.exit(expecting: .code(0))
            #expect(Set(requeued.output.elements) == ["requeued d-1", "requeued d-2"])
            _ = try await requeued.errorLine(containing: "2 of 2 dead letters requeued", within: .seconds(1))
            #expect(try await Self.weft(harness, endpoint, "dead", "drop", "--all") == ["dropped d-3"])
            #expect(try await Self.weft(harness, endpoint, "dead", "ls", "--json").isEmpty)
            try await Self.until { try await Self.state(of: "d-1", harness, endpoint) == "completed" }
            _ = try await Self.weft(harness, endpoint, "dead", "drop", expecting: 64)
            _ = try await Self.weft(harness, endpoint, "dead", "drop", "d-1", "--all", expecting: 64)
            _ = try await Self.weft(harness, endpoint, "tasks", "ls", "--state", "lost", expecting: 64)
        }
    }

    @Test func theExamplesOfTheHelpWorkAsTheyStand() async throws {
        try await Self.cluster { harness, endpoint, folder in
            _ = try await Self.weft(harness, endpoint, "submit", "bad", "--id", "t-4", "--wait", expecting: 1)
            let weft = try ProcessHarness.weftPath()
            var examples = 0
            for command in [
                ["tasks"], ["tasks", "ls"], ["tasks", "show"], ["tasks", "cancel"], ["tasks", "retry"], ["dead"],
                ["dead", "ls"], ["dead", "show"], ["dead", "requeue"], ["dead", "drop"], ["submit"],
            ] {
                if command == ["dead", "drop"] {
                    try await Self.until { try await Self.state(of: "t-4", harness, endpoint) == "dead" }
                }
                let help = try harness.weft(command + ["--help"])
                try await help.exit(expecting: .code(0))
                let lines = help.output.elements.drop { !$0.contains("Example:") }.dropFirst()
                    .prefix { !$0.isEmpty }.filter { $0.contains("weft ") }
                #expect(!lines.isEmpty, "\(command) has no example")
                for line in lines {
                    let text = line.replacing("tcp://127.0.0.1:7400", with: endpoint)
                    let run = try harness.start(
                        "/bin/bash", ["-c", "weft() { \(weft) \"$@\"; }; \(text)"], in: folder)
                    try await run.exit(expecting: .code(0))
                    examples += 1
                }
            }
            #expect(examples >= 18)
        }
    }

    /// Where a task is in its life; nil when there is none.
    private static func state(of id: String, _ harness: ProcessHarness, _ endpoint: String) async throws -> Value? {
        let process = try harness.weft("tasks", "show", id, "--json", "--join", endpoint)
        _ = try await process.exit()
        return try Self.values(process.output.elements).first?["state"]
    }

    /// Asks again and again, for a minute at most.
    private static func until(_ holds: () async throws -> Bool) async throws {
        let deadline = Date().addingTimeInterval(60)
        while try await !holds() {
            guard Date() < deadline else { throw TimedOut(awaited: "a task's state", limit: .seconds(60)) }
        }
    }
}
