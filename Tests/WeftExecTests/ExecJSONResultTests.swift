// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft
import WeftExec
import WeftProtocol
import WeftValue

struct ExecJSONResultTests {
    private static func run(_ output: String) async -> TaskOutcome {
        let request = TaskRequest(id: "t-1", source: .submit, payload: .string(output))
        // The payload comes in as a JSON string, so the output travels in the environment instead.
        var configuration = ExecConfiguration(command: "printf %s \"$OUTPUT\"", resultFormat: .json)
        configuration.grace = .seconds(1)
        return await ExecRunner(configuration, environment: ["OUTPUT": output, "PATH": "/usr/bin:/bin"])
            .run(request, context: TaskContext(request: request))
    }

    @Test func theObjectSetsResultStatusTokensAndTools() async {
        let outcome = await Self.run(
            #"{"result": {"sum": 3}, "status": "stopped", "tokens": {"prompt_tokens": 7}, "used_tools": ["a", "b"]}"#)
        #expect(
            outcome
                == .completed(
                    TaskResult(
                        .object(["sum": 3]), status: "stopped", tokens: .object(["prompt_tokens": 7]),
                        usedTools: ["a", "b"])))
    }

    @Test func everyFieldMayBeMissing() async {
        #expect(await Self.run("{}") == .completed(TaskResult(.null)))
        #expect(await Self.run(#"{"result": "done", "more": 1}"#) == .completed(TaskResult("done")))
    }

    @Test(arguments: [
        ("done", "not JSON"), ("", "not JSON"), ("[1]", "not an object"), (#"{"status": 1}"#, "status"),
        (#"{"tokens": 1}"#, "tokens"), (#"{"used_tools": [1]}"#, "used_tools"), (#"{"used_tools": "a"}"#, "used_tools"),
    ])
    func anythingElseFailsAndSaysWhatToPrint(output: String, complaint: String) async {
        guard case .failed(let failure) = await Self.run(output) else {
            Issue.record("expected a failure")
            return
        }
        #expect(failure.message.contains(complaint))
        #expect(failure.message.contains(#"{"result": "done""#))
    }
}
