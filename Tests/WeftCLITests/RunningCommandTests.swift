// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import Testing
import Weft
import WeftBus
import WeftProtocol
import WeftTestKit
import WeftValue

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Progress, cancel, drain and fencing of `--exec` workers that are processes of their own.
@Suite(.timeLimit(.minutes(2)))
struct RunningCommandTests {
    /// Runs a coordinator in this process, with a lease that a test can wait for.
    private static func withCoordinator(
        lease: Duration = .seconds(15), _ body: @escaping @Sendable (Node, Coordinator, String) async throws -> Void
    ) async throws {
        var logger = Logger(label: "coordinator")
        logger.logLevel = .error
        try await Node.with(Node.Configuration(name: "coordinator", bus: EventBus(), logger: logger)) { node in
            var settings = CoordinatorConfiguration()
            settings.dispatcher.lease = lease
            settings.dispatcher.heartbeat = min(.seconds(1), lease / 5)
            settings.drainDeadline = .zero
            let coordinator = try Coordinator(node: node, ledger: InMemoryLedger(), configuration: settings)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await coordinator.run() }
                let endpoint = try #require(await node.members().first?.record.control)
                try await body(node, coordinator, endpoint)
                await coordinator.requestStop()
                try await group.waitForAll()
            }
        }
    }

    private static func worker(
        _ harness: ProcessHarness, _ command: String, _ endpoint: String, name: String = "w-1", _ more: String...
    ) async throws -> TestProcess {
        let worker = try harness.weft(["worker", "--exec", command, "--join", endpoint, "--name", name] + more)
        _ = try await worker.errorLine(containing: ": ready")
        return worker
    }

    /// A pipe that tells what a program does: `cat` prints what is written, and ends when nobody holds it open any more.
    private static func pipe(_ harness: ProcessHarness) async throws -> (path: String, reader: TestProcess) {
        let path = try harness.temporaryDirectory() + "/pipe"
        try await harness.start("/usr/bin/mkfifo", [path]).exit(expecting: .code(0))
        return (path, try harness.start("/bin/cat", [path]))
    }

    @Test func aProgramsProgressIsAnEventOfTheMesh() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator { node, _, endpoint in
                let listen = try harness.weft(
                    "listen", "task:progress", "--json", "--count", "1", "--join", endpoint)
                _ = try await listen.errorLine(containing: ": ready")
                _ = try await Self.worker(harness, #"echo '{"percent": 50}' >&3; echo done"#, endpoint)
                let receipt = try await node.submit(TaskSubmission(id: "t-1", payload: "x"))
                #expect(try await receipt.outcome(within: .seconds(60)) == .completed(TaskResult("done")))
                let event = try Value(json: try await listen.line(containing: "percent"))
                #expect(event["arguments"] == ["t-1", 1, ["percent": 50]])
                try await listen.exit(expecting: .code(0))
            }
        }
    }

    @Test func aCancelledProgramIsAskedAndThenKilled() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator { node, _, endpoint in
                let (path, reader) = try await Self.pipe(harness)
                // A shell that is just starting a program in its foreground would see the signal only after that program's end.
                _ = try await Self.worker(
                    harness,
                    "trap 'echo asked >&4' TERM; exec 4>\(path); echo up >&4; while :; do sleep 600 & wait; done",
                    endpoint, "--kill-after", "3s")
                let receipt = try await node.submit(TaskSubmission(id: "t-1", payload: "x"))
                _ = try await reader.line(containing: "up")
                try await node.cancelTask("t-1", reason: "not needed")
                #expect(try await receipt.outcome(within: .seconds(60)) == .cancelled(reason: "not needed"))
                _ = try await reader.line(containing: "asked")
                try await reader.exit(expecting: .code(0))
            }
        }
    }

    @Test func aProgramBeyondItsTimeLimitFailsWithWhatItSaidLast() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator { node, _, endpoint in
                _ = try await Self.worker(harness, "echo waiting for paint >&2; sleep 600", endpoint)
                let receipt = try await node.submit(
                    TaskSubmission(id: "t-1", payload: "x", timeLimit: .milliseconds(500)))
                guard case .failed(let failure) = try await receipt.outcome(within: .seconds(60)) else {
                    Issue.record("it did not fail")
                    return
                }
                #expect(
                    failure.message
                        == "The task ran into its time limit of 0.5 s and was stopped. The handler said: waiting for paint"
                )
            }
        }
    }

    @Test func aFrozenWorkerLosesItsTaskAndStopsItsProgramWhenItWakes() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator(lease: .seconds(2)) { node, coordinator, endpoint in
                let (path, reader) = try await Self.pipe(harness)
                // The first attempt goes on until it is stopped, the second ends at once.
                let command = """
                    exec 4>\(path); echo "try $WEFT_TASK_ATTEMPT in $WEFT_NAME" >&4
                    [ $WEFT_TASK_ATTEMPT = 1 ] || { echo second; exit; }
                    trap 'echo fenced >&4; exit 1' TERM; sleep 600 & wait
                    """
                let frozen = try await Self.worker(harness, command, endpoint, name: "frozen")
                let receipt = try await node.submit(TaskSubmission(id: "t-1", payload: "x"))
                _ = try await reader.line(containing: "try 1 in frozen")
                frozen.signal(SIGSTOP)
                _ = try await Self.worker(harness, command, endpoint, name: "other")
                #expect(try await receipt.outcome(within: .seconds(60)) == .completed(TaskResult("second")))
                _ = try await reader.line(containing: "try 2 in other")
                frozen.signal(SIGCONT)
                _ = try await reader.line(containing: "fenced")
                // It is taken on again, as good as new.
                frozen.terminate()
                try await frozen.exit(expecting: .code(0))
                #expect(try await node.task("t-1").status.outcome == .completed(TaskResult("second")))
                #expect(await coordinator.status?.counters.completed == 1)
            }
        }
    }

    @Test func theLateResultOfAFrozenWorkerIsDropped() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator(lease: .seconds(2)) { node, coordinator, endpoint in
                let (path, reader) = try await Self.pipe(harness)
                let (gate, _) = (try harness.temporaryDirectory() + "/gate", 0)
                try await harness.start("/usr/bin/mkfifo", [gate]).exit(expecting: .code(0))
                let command = """
                    echo "try $WEFT_TASK_ATTEMPT" >\(path)
                    [ $WEFT_TASK_ATTEMPT = 1 ] || { echo second; exit; }
                    read line <\(gate); echo first
                    """
                let frozen = try await Self.worker(harness, command, endpoint, name: "frozen")
                let receipt = try await node.submit(TaskSubmission(id: "t-1", payload: "x"))
                _ = try await reader.line(containing: "try 1")
                frozen.signal(SIGSTOP)
                let second = try harness.start("/bin/cat", [path])
                let other = try await Self.worker(harness, command, endpoint, name: "other")
                #expect(try await receipt.outcome(within: .seconds(60)) == .completed(TaskResult("second")))
                _ = try await second.line(containing: "try 2")
                // The program itself was not frozen; it ends now, before its worker wakes.
                try await harness.start("/bin/sh", ["-c", "echo go >\(gate)"]).exit(expecting: .code(0))
                other.terminate()
                try await other.exit(expecting: .code(0))
                frozen.signal(SIGCONT)
                // When it can leave in good order, nothing of what it held is left to be said.
                frozen.terminate()
                try await frozen.exit(expecting: .code(0))
                #expect(try await node.task("t-1").status.outcome == .completed(TaskResult("second")))
                let counters = try #require(await coordinator.status?.counters)
                #expect(counters.completed == 1)
            }
        }
    }

    @Test func theProgramsOfAKilledWorkerDieWithIt() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator { node, _, endpoint in
                let (path, reader) = try await Self.pipe(harness)
                let worker = try await Self.worker(
                    harness, "exec 4>\(path); echo up >&4; (trap '' TERM; sleep 600) & wait", endpoint)
                _ = try await node.submit(TaskSubmission(id: "t-1", payload: "x"))
                _ = try await reader.line(containing: "up")
                worker.signal(SIGKILL)
                try await reader.exit(expecting: .code(0))
            }
        }
    }

    @Test func whatIsLeftAtTheDrainDeadlineGoesBackAndIsNoLoss() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator { node, coordinator, endpoint in
                let (path, reader) = try await Self.pipe(harness)
                let worker = try await Self.worker(
                    harness, "echo up >\(path); [ $WEFT_TASK_ATTEMPT = 2 ] || sleep 600; echo done", endpoint,
                    "--drain-deadline", "500ms")
                let receipt = try await node.submit(TaskSubmission(id: "t-1", payload: "x"))
                _ = try await reader.line(containing: "up")
                worker.terminate()
                _ = try await worker.errorLine(containing: "1 task still runs, 1 s left")
                _ = try await worker.errorLine(containing: "stopped; 1 task had not ended in time")
                try await worker.exit(expecting: .code(0))
                let again = try harness.start("/bin/cat", [path])
                _ = try await Self.worker(harness, "echo up >\(path); echo done", endpoint, name: "w-2")
                #expect(try await receipt.outcome(within: .seconds(60)) == .completed(TaskResult("done")))
                _ = try await again.line(containing: "up")
                let status = try await node.task("t-1").status
                #expect(status.workerLosses == 0 && status.returns == 1 && status.attempt == 2)
                #expect(await coordinator.status?.counters.workerLosses == 0)
            }
        }
    }

    @Test func aNodeIsDrainedFromElsewhere() async throws {
        try await ProcessHarness.run { harness in
            let coordinator = try harness.weft("coordinator", "--bind", anyPort, "--ledger", "memory")
            let endpoint = try await coordinator.endpoint()
            let (path, reader) = try await Self.pipe(harness)
            let gate = try harness.temporaryDirectory() + "/gate"
            try await harness.start("/usr/bin/mkfifo", [gate]).exit(expecting: .code(0))
            let worker = try await Self.worker(harness, "echo up >\(path); read line <\(gate); echo done", endpoint)
            let submit = try harness.weft("submit", "x", "--wait", "--join", endpoint)
            _ = try await reader.line(containing: "up")

            let unknown = try harness.weft("drain", "nobody", "--join", endpoint)
            try await unknown.exit(expecting: .code(69))
            _ = try await unknown.errorLine(containing: "w-1 (")

            let drain = try harness.weft("drain", "w-1", "--wait", "--json", "--join", endpoint)
            _ = try await worker.errorLine(containing: "1 task still runs")
            // A second call is no second signal.
            try await harness.weft("drain", "w-1", "--join", endpoint).exit(expecting: .code(0))
            try await harness.start("/bin/sh", ["-c", "echo go >\(gate)"]).exit(expecting: .code(0))
            try await worker.exit(expecting: .code(0))
            _ = try await worker.errorLine(containing: "stopped; everything has ended")
            try await drain.exit(expecting: .code(0))
            let answer = try Value(json: try #require(drain.output.elements.first))
            #expect(answer["name"] == "w-1" && answer["left"] == true)
            try await submit.exit(expecting: .code(0))
            #expect(submit.output.elements == ["done"])

            let coordinatorName = try #require(
                coordinator.errors.elements.first { $0.contains("node ") }?.split(separator: "\"").last)
            let last = try harness.weft("drain", String(coordinatorName), "--wait", "--join", endpoint)
            try await coordinator.exit(expecting: .code(0))
            _ = try await last.exit()
        }
    }

    @Test func aWorkerServesOnlyItsQueues() async throws {
        try await ProcessHarness.run { harness in
            try await Self.withCoordinator { node, _, endpoint in
                _ = try await Self.worker(
                    harness, "echo mail", endpoint, name: "mail", "--queue", "mail", "--queue", "letters")
                let other = try await node.submit(TaskSubmission(queue: "other", payload: "x"))
                let mail = try await node.submit(TaskSubmission(queue: "mail", payload: "x"))
                #expect(try await mail.outcome(within: .seconds(60)) == .completed(TaskResult("mail")))
                #expect(try await other.record().status.state == .queued)
                _ = try await Self.worker(harness, "echo any", endpoint, name: "any")
                #expect(try await other.outcome(within: .seconds(60)) == .completed(TaskResult("any")))
            }
        }
    }
}
