// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import Weft
import WeftExec
import WeftProtocol
import WeftTestKit
import WeftValue

struct ExecRunnerTests {
    private static func run(
        _ command: String, payload: Value = .object(["id": "t-1"]), source: TaskRequest.Source = .platform,
        format: ExecResultFormat = .text, deadline: Date? = nil, environment: [String: String]? = nil,
        adjust: (inout ExecConfiguration) -> Void = { _ in }
    ) async -> TaskOutcome {
        var configuration = ExecConfiguration(command: command, resultFormat: format)
        configuration.grace = .seconds(1)
        adjust(&configuration)
        let request = TaskRequest(
            id: "t-1", attempt: 2, source: source, agentID: "a-1", payload: payload, deadline: deadline,
            traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        return await ExecRunner(configuration, environment: environment)
            .run(request, context: TaskContext(request: request))
    }

    private static func message(_ outcome: TaskOutcome) -> String? {
        guard case .failed(let failure) = outcome else { return nil }
        return failure.message
    }

    @Test(arguments: [
        ("printf 'done'", "done"), ("echo done", "done"), ("printf 'a\\n\\n'", "a\n"), ("true", ""),
        ("printf 'a\\r\\n'", "a"), ("printf 'caf\\303\\251'", "café"), ("printf 'x\\377y'", "x\u{FFFD}y"),
        ("printf 'a\\000b'", "a\0b"),
    ])
    func standardOutputWithoutItsFinalLineEndIsTheResult(command: String, result: String) async {
        #expect(await Self.run(command) == .completed(TaskResult(.string(result))))
    }

    @Test func standardInputIsTheTaskObject() async throws {
        let payload: Value = .object(["id": "t-1", "agent_id": "a-1", "input": .object(["text": "größer"])])
        guard case .completed(let result) = await Self.run("cat", payload: payload) else {
            Issue.record("cat failed")
            return
        }
        #expect(try Value(json: result.text) == payload)
    }

    @Test func secretsOfThePlatformsTaskStayBehind() async throws {
        let payload: Value = .object([
            "id": "t-1", "agent_id": "a-1", "input": ["text": "hello"], "user_oidc_token": "s3cret-1",
            "user_tokens": .object(["git": "s3cret-2"]),
            "mcp_servers": .array([
                .object([
                    "name": "tools", "url": "https://tools", "api_key": "s3cret-3",
                    "headers": .object(["a": "s3cret-4"]),
                ])
            ]),
            "payload_extension": .object(["llm_gateway": .object(["token": "s3cret-5"]), "mine": 1]),
        ])
        guard case .completed(let result) = await Self.run("cat", payload: payload) else {
            Issue.record("cat failed")
            return
        }
        #expect(!result.text.contains("s3cret"))
        let seen = try Value(json: result.text)
        #expect(seen["id"] == "t-1")
        #expect(seen["payload_extension"]?["mine"] == 1)
        #expect(seen["mcp_servers"]?[0]?["name"] == "tools")
    }

    @Test func aSubmittedPayloadArrivesAsItIs() async {
        let outcome = await Self.run("cat", payload: "hello", source: .submit)
        #expect(outcome == .completed(TaskResult(.string("\"hello\""))))
    }

    @Test func theEnvironmentNamesTheTaskAndHoldsNoSecret() async {
        let outcome = await Self.run(
            "env",
            environment: [
                "PATH": "/usr/bin:/bin", "XPANDER_API_KEY": "s3cret", "WEFT_SECRET_KEY": "s3cret",
                "WEFT_TOKEN": "s3cret",
                "WEFT_NAME": "kept", "WEFT_TASK_ID": "another", "MINE": "kept-too",
            ])
        guard case .completed(let result) = outcome else {
            Issue.record("env failed: \(outcome)")
            return
        }
        let lines = Set(result.text.split(separator: "\n").map(String.init))
        #expect(
            lines.isSuperset(of: [
                "WEFT_TASK_ID=t-1", "WEFT_TASK_ATTEMPT=2", "WEFT_AGENT_ID=a-1", "WEFT_NAME=kept", "MINE=kept-too",
                "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ]))
        #expect(!result.text.contains("s3cret"))
        #expect(!result.text.contains("WEFT_TASK_DEADLINE"))
    }

    @Test func theDeadlineIsInTheEnvironment() async {
        let deadline = Date(timeIntervalSince1970: 4_102_444_800)
        let outcome = await Self.run("printf %s \"$WEFT_TASK_DEADLINE\"", deadline: deadline)
        #expect(outcome == .completed(TaskResult(.string("2100-01-01T00:00:00.000000Z"))))
    }

    @Test(arguments: [
        ("echo 'no such order' >&2; exit 1", TaskFailure("no such order")),
        ("echo out; exit 3", TaskFailure("exit status 3")),
        ("kill -KILL $$", TaskFailure("killed by SIGKILL")),
        ("echo 'bad input' >&2; exit 65", TaskFailure("bad input", retry: .never)),
        ("echo 'busy' >&2; exit 75", TaskFailure("busy", retry: .at(nil))),
    ])
    func anyOtherExitFailsWithTheEndOfStandardError(command: String, failure: TaskFailure) async {
        #expect(await Self.run(command) == .failed(failure))
    }

    @Test func onlyTheEndOfALongComplaintIsKept() async throws {
        let outcome = await Self.run("i=0; while [ $i -lt 3000 ]; do echo \"line $i\" >&2; i=$((i+1)); done; exit 1")
        let message = try #require(Self.message(outcome))
        #expect(message.utf8.count <= ExecConfiguration.defaultErrorTail)
        #expect(message.hasSuffix("line 2999"))
        #expect(message.hasPrefix("line "))
    }

    @Test func aProgramThatIsNotThereOrNotExecutableSaysWhatToDo() async throws {
        let missing = try #require(Self.message(await Self.run("/no/such/handler")))
        #expect(missing.contains("not found") && missing.contains("/no/such/handler"))
        try await ProcessHarness.run { harness in
            let file = try harness.temporaryDirectory() + "/handler.sh"
            try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: file))
            let forbidden = try #require(Self.message(await Self.run(file)))
            #expect(forbidden.contains("chmod +x"))
        }
    }

    @Test func aProgramThatReadsNothingDoesNotHang() async {
        let large: Value = .object(["text": .string(String(repeating: "x", count: 10_000_000))])
        #expect(await Self.run("echo done", payload: large) == .completed(TaskResult("done")))
        #expect(await Self.run("exec <&-; echo done", payload: large) == .completed(TaskResult("done")))
    }

    @Test func tenMegabytesGoBothWaysAtOnce() async {
        let text = String(repeating: "0123456789", count: 1_000_000)
        let outcome = await Self.run("cat; echo complaint >&2", payload: .string(text), source: .submit)
        #expect(outcome == .completed(TaskResult(.string("\"\(text)\""))))
    }

    @Test func tooMuchOutputFailsTheTaskAndEndsTheProgram() async throws {
        let outcome = await Self.run("yes") { $0.maximumOutput = 100_000 }
        guard case .failed(let failure) = outcome else {
            Issue.record("expected a failure, got \(outcome)")
            return
        }
        #expect(failure.message.contains("more than 100000 bytes"))
        #expect(failure.retry == .never)
        #expect(await Self.run("printf 12345") { $0.maximumOutput = 5 } == .completed(TaskResult("12345")))
    }

    @Test func theTimeLimitEndsTheProgram() async throws {
        let outcome = await Self.run("echo started >&2; sleep 600", deadline: Date(timeIntervalSinceNow: 0.3))
        let message = try #require(Self.message(outcome))
        #expect(message.contains("time limit") && message.contains("started"))
    }

    @Test func cancellingEndsTheWholeGroupEvenWhenItIgnoresSIGTERM() async throws {
        try await ProcessHarness.run { harness in
            let fifo = try harness.temporaryDirectory() + "/alive"
            try await harness.start("/usr/bin/mkfifo", [fifo]).exit(expecting: .code(0))
            // `cat` ends when the last process that holds the pipe open is gone: a grandchild that ignores SIGTERM.
            let reader = try harness.start("/bin/cat", [fifo])
            let command = "sh -c 'trap \"\" TERM; exec 3>\(fifo); echo up >&3; while :; do sleep 600; done' & wait"
            let task = Task { await Self.run(command) }
            _ = try await reader.line(containing: "up")
            task.cancel()
            guard case .cancelled(let reason) = await task.value else {
                Issue.record("expected a cancelled outcome")
                return
            }
            #expect(reason.contains("SIGTERM"))
            try await reader.exit(expecting: .code(0))
        }
    }

    @Test func aHandlerMayCleanUpOnSIGTERM() async throws {
        try await ProcessHarness.run { harness in
            let directory = try harness.temporaryDirectory()
            try await harness.start("/usr/bin/mkfifo", [directory + "/up"]).exit(expecting: .code(0))
            let reader = try harness.start("/bin/cat", [directory + "/up"])
            let command =
                "trap 'echo clean > \(directory)/cleaned; exit 0' TERM; echo up > \(directory)/up; sleep 600 & wait"
            let task = Task { await Self.run(command) { $0.grace = .seconds(20) } }
            _ = try await reader.line(containing: "up")
            task.cancel()
            guard case .cancelled = await task.value else {
                Issue.record("expected a cancelled outcome")
                return
            }
            #expect(try Data(contentsOf: URL(filePath: directory + "/cleaned")) == Data("clean\n".utf8))
        }
    }

    @Test func whatAHandlerLeavesRunningIsKilledWhenItEnds() async throws {
        try await ProcessHarness.run { harness in
            let fifo = try harness.temporaryDirectory() + "/alive"
            try await harness.start("/usr/bin/mkfifo", [fifo]).exit(expecting: .code(0))
            let reader = try harness.start("/bin/cat", [fifo])
            // The forgotten process also holds standard output open, which must not keep the task from ending.
            let outcome = await Self.run("exec 3>\(fifo); sleep 600 & echo done")
            #expect(outcome == .completed(TaskResult("done")))
            try await reader.exit(expecting: .code(0))
        }
    }

    @Test func aTaskThatIsCancelledAlreadyEndsAtOnce() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await Self.run("sleep 600")
        }
        guard case .cancelled = await task.value else {
            Issue.record("expected a cancelled outcome")
            return
        }
    }

    @Test func manyTasksRunAtOnce() async {
        await withTaskGroup(of: TaskOutcome.self) { group in
            for number in 0..<50 { group.addTask { await Self.run("cat > /dev/null; printf \(number)") } }
            var results: Set<String> = []
            for await outcome in group {
                if case .completed(let result) = outcome { results.insert(result.text) }
            }
            #expect(results == Set((0..<50).map(String.init)))
        }
    }
}
