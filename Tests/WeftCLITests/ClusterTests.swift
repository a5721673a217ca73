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

/// Stand-in platform, coordinator and `--exec` workers, each a process of its own.
struct ClusterTests {
    private static let agent = "a-1"

    private struct Cluster {
        let platform: PlatformProbe
        let coordinator: TestProcess
        let endpoint: String

        init(_ harness: ProcessHarness) async throws {
            let url = try await harness.weft("platform", "--listen", "127.0.0.1:0").url()
            self.platform = PlatformProbe(url: url)
            self.coordinator = try harness.weft(
                "coordinator", "--bind", anyPort, "--ledger", "memory",
                environment: [
                    "XPANDER_BASE_URL": url, "XPANDER_API_KEY": "test", "XPANDER_ORGANIZATION_ID": "org",
                    "XPANDER_AGENT_ID": ClusterTests.agent,
                ])
            self.endpoint = try await self.coordinator.endpoint()
        }

        func worker(
            _ harness: ProcessHarness, _ command: String, slots: Int = 4, name: String = "worker", _ more: String...
        ) async throws -> TestProcess {
            let worker = try harness.weft(
                ["worker", "--exec", command, "--slots", "\(slots)", "--join", self.endpoint, "--name", name] + more)
            _ = try await worker.errorLine(containing: ": ready")
            return worker
        }

        func hand(_ count: Int) async throws {
            for number in 1...count {
                try await self.platform.hand(
                    [
                        "id": .string("t-\(number)"), "agent_id": .string(ClusterTests.agent),
                        "text": .string("task \(number)"),
                    ])
            }
        }
    }

    @Test func tasksFromThePlatformRunInThePrograms() async throws {
        try await ProcessHarness.run { harness in
            let cluster = try await Cluster(harness)
            let handler = try harness.script(
                """
                task=$(cat)
                case "$task" in
                *fail*) echo "no such order" >&2; exit 1 ;;
                *) echo "did $WEFT_TASK_ID for $WEFT_AGENT_ID, try $WEFT_TASK_ATTEMPT, key ${XPANDER_API_KEY:-none}" ;;
                esac
                """)
            _ = try await cluster.worker(harness, handler)
            try await cluster.platform.hand(["id": "good", "agent_id": .string(Self.agent), "text": "work"])
            try await cluster.platform.hand(["id": "bad", "agent_id": .string(Self.agent), "text": "fail"])
            _ = try await cluster.platform.finishedTasks(2)
            let good = try await cluster.platform.task("good")
            #expect(good["status"] == "completed")
            #expect(good["result"] == "did good for a-1, try 1, key none")
            let bad = try await cluster.platform.task("bad")
            #expect(bad["status"] == "error")
            #expect(bad["result"] == "no such order")
            // `executing` once, then the final status once.
            #expect(
                good["updates"]?.arrayValue?.compactMap { $0["status"]?.stringValue } == ["executing", "completed"])
        }
    }

    @Test func aKilledWorkerLosesNoTaskAndEachIsReportedOnce() async throws {
        try await ProcessHarness.run { harness in
            let cluster = try await Cluster(harness)
            let handler = "read task; sleep 0.02; echo done by $WEFT_TASK_ID"
            let victim = try await cluster.worker(harness, handler, slots: 8, name: "victim")
            for number in 1...2 { _ = try await cluster.worker(harness, handler, slots: 8, name: "survivor-\(number)") }
            try await cluster.hand(200)
            _ = try await cluster.platform.finishedTasks(60)
            victim.signal(SIGKILL)
            let tasks = try await cluster.platform.finishedTasks(200, within: .seconds(90))
            #expect(tasks.count == 200)
            for task in tasks {
                let id = task["id"]?.stringValue ?? ""
                #expect(task["status"] == "completed" && task["result"] == .string("done by \(id)"), "\(id)")
                let final = task["updates"]?.arrayValue?.filter {
                    $0["status"] == "completed" || $0["status"] == "error"
                }
                #expect(final?.count == 1, "\(id) was reported \(final?.count ?? 0) times")
            }
            let updates = try await cluster.platform.statistics()["updates"]
            #expect(updates?["conflicting"] == 0)
        }
    }

    @Test func aWorkerFinishesWhatItRunsBeforeItLeaves() async throws {
        try await ProcessHarness.run { harness in
            let cluster = try await Cluster(harness)
            let directory = try harness.temporaryDirectory()
            #expect(
                try await harness.start("/usr/bin/mkfifo", [directory + "/started", directory + "/go"]).exit()
                    == .code(0))
            let worker = try await cluster.worker(
                harness, "echo started > \(directory)/started; read line < \(directory)/go; echo finished")
            let started = try harness.start("/bin/cat", [directory + "/started"])
            try await cluster.platform.hand(["id": "t-1", "agent_id": .string(Self.agent), "text": "slow"])
            _ = try await started.line(containing: "started")
            worker.terminate()
            _ = try await worker.errorLine(containing: "stopping")
            let go = try harness.start("/bin/sh", ["-c", "echo go > \(directory)/go"])
            try await go.exit(expecting: .code(0))
            try await worker.exit(expecting: .code(0))
            let tasks = try await cluster.platform.finishedTasks(1)
            #expect(tasks.first?["result"] == "finished")
        }
    }

    @Test func aSecondSignalAbortsAWorkerAndItsPrograms() async throws {
        try await ProcessHarness.run { harness in
            let cluster = try await Cluster(harness)
            let fifo = try harness.temporaryDirectory() + "/alive"
            try await harness.start("/usr/bin/mkfifo", [fifo]).exit(expecting: .code(0))
            let worker = try await cluster.worker(harness, "exec 3>\(fifo); echo up >&3; sleep 600")
            let alive = try harness.start("/bin/cat", [fifo])
            try await cluster.platform.hand(["id": "t-1", "agent_id": .string(Self.agent), "text": "slow"])
            _ = try await alive.line(containing: "up")
            worker.terminate()
            _ = try await worker.errorLine(containing: "stopping")
            worker.terminate()
            try await worker.exit(expecting: .code(130))
            try await alive.exit(expecting: .code(0))
        }
    }

    @Test func aHandlerThatCannotRunIsRefusedAtStart() async throws {
        try await ProcessHarness.run { harness in
            let file = try harness.temporaryDirectory() + "/handler.sh"
            try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: file))
            for (command, hint) in [(file, "chmod +x"), ("./no-such-handler", "exists"), ("if then", "parse")] {
                let worker = try harness.weft("worker", "--exec", command, "--join", "tcp://127.0.0.1:9")
                try await worker.exit(expecting: .code(78))
                _ = try await worker.errorLine(containing: hint)
            }
        }
    }

    @Test func anIncompletePlatformNamesEveryMissingVariable() async throws {
        try await ProcessHarness.run { harness in
            let coordinator = try harness.weft(
                "coordinator", "--bind", anyPort, environment: ["XPANDER_BASE_URL": "http://127.0.0.1:9"])
            try await coordinator.exit(expecting: .code(78))
            let text = coordinator.errors.elements.joined()
            for name in ["XPANDER_API_KEY", "XPANDER_ORGANIZATION_ID", "XPANDER_AGENT_ID"] {
                #expect(text.contains(name))
            }
        }
    }

    @Test func withoutAPlatformTheCoordinatorSaysSoAndRuns() async throws {
        try await ProcessHarness.run { harness in
            let coordinator = try harness.weft("coordinator", "--bind", anyPort, "--ledger", "memory")
            _ = try await coordinator.errorLine(containing: "without a platform")
            coordinator.terminate()
            try await coordinator.exit(expecting: .code(0))
        }
    }

    @Test func aConflictAtThePlatformEndsTheCoordinatorWithAFailure() async throws {
        try await ProcessHarness.run { harness in
            let url = try await harness.weft("platform", "--listen", "127.0.0.1:0").url()
            let settings: [String: String?] = [
                "XPANDER_BASE_URL": url, "XPANDER_API_KEY": "test", "XPANDER_ORGANIZATION_ID": "org",
                "XPANDER_AGENT_ID": Self.agent,
            ]
            let first = try harness.weft("coordinator", "--bind", anyPort, environment: settings)
            _ = try await first.endpoint()
            // The first one serves the agent once a task comes back.
            let endpoint = try await first.endpoint()
            _ = try harness.weft("worker", "--exec", "cat", "--join", endpoint)
            let probe = PlatformProbe(url: url)
            try await probe.hand(["id": "t-1", "agent_id": .string(Self.agent), "text": "hello"])
            _ = try await probe.finishedTasks(1)
            let second = try harness.weft(
                "coordinator", "--bind", anyPort, environment: settings.merging(["IS_XPANDER_CLOUD": "true"]) { $1 })
            try await second.exit(expecting: .code(1))
            _ = try await second.errorLine(containing: Self.agent)
        }
    }

    @Test func aProgramMayAnswerInJSON() async throws {
        try await ProcessHarness.run { harness in
            let cluster = try await Cluster(harness)
            _ = try await cluster.worker(
                harness,
                #"echo '{"result": {"sum": 3}, "status": "stopped", "tokens": {"prompt_tokens": 1, "completion_tokens": 2}}'"#,
                slots: 1, name: "json", "--result", "json", "--json-logs", "--log-level", "debug")
            try await cluster.platform.hand(["id": "t-1", "agent_id": .string(Self.agent), "text": "add"])
            let task = try #require(try await cluster.platform.finishedTasks(1).first)
            #expect(task["status"] == "stopped")
            #expect(task["result"] == #"{"sum":3}"#)
        }
    }

    @Test func logsMayBeJSONObjects() async throws {
        try await ProcessHarness.run { harness in
            let coordinator = try harness.weft("coordinator", "--bind", anyPort, "--json-logs", "--log-level", "debug")
            _ = try await coordinator.endpoint()
            let line = try await coordinator.errorLine(containing: "\"message\"")
            let record = try Value(json: line)
            #expect(record["level"]?.stringValue != nil && record["time"]?.stringValue != nil)
            #expect(record["logger"] == "weft.coordinator")
        }
    }

    @Test func twoCoordinatorsOnOnePortAreOneTooMany() async throws {
        try await ProcessHarness.run { harness in
            let port = try ProcessHarness.freePorts()
            let arguments = ["coordinator", "--ledger", "memory", "--bind", "tcp://127.0.0.1:\(port)"]
            _ = try await harness.weft(arguments).endpoint()
            let second = try harness.weft(arguments)
            try await second.exit(expecting: .code(78))
            _ = try await second.errorLine(containing: "\(port)")
        }
    }
}
