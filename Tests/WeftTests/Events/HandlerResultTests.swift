// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import Weft

struct HandlerResultTests {
    private struct Report: Codable, Equatable {
        var status: String
        var count: Int
    }

    @Test func stringIsTheResultAsItIs() async throws {
        let answer = try await LocalTaskTest(input: "Ada").run(OnTask { task in "Hello, \(task.input.text)" })
        #expect(answer.result == "Hello, Ada")
        #expect(answer.status == "completed")
    }

    @Test func dictionaryIsReportedAsJSONText() async throws {
        let answer = try await LocalTaskTest(input: "x").run(OnTask { task in ["status": "completed", "by": "me"] })
        #expect(answer.result == #"{"by":"me","status":"completed"}"#)
        #expect(answer.status == "completed")
    }

    @Test func codableTypeIsReportedAsJSONTextAndCanBeReadBack() async throws {
        let answer = try await LocalTaskTest(input: "x", outputFormat: .json).run(
            OnTask { _ in Report(status: "fine", count: 3) })
        #expect(answer.result == #"{"count":3,"status":"fine"}"#)
        #expect(try answer.decoded(as: Report.self) == Report(status: "fine", count: 3))
    }

    @Test func nothingIsReportedAsTheEmptyString() async throws {
        let answer = try await LocalTaskTest(input: "x").run(OnTask { task in _ = task.id })
        #expect(answer.result == "")
        #expect(answer.status == "completed")
    }

    @Test func returnedTaskCarriesResultStatusTokensAndTools() async throws {
        let answer = try await LocalTaskTest(input: "x").run(
            OnTask { task in
                var task = task
                task.result = "half of it"
                task.status = .failed
                task.tokens = TokenCounts(completion: 2, prompt: 5)
                task.usedTools = ["search"]
                return task
            })
        guard case .completed(let result) = answer.outcome else {
            Issue.record("not completed: \(answer.outcome)")
            return
        }
        #expect(result.value == "half of it")
        #expect(result.status == "failed")
        #expect(result.tokens?["total_tokens"] == 7)
        #expect(result.usedTools == ["search"])
    }

    @Test func returnedTaskThatIsStillExecutingIsCompleted() async throws {
        let answer = try await LocalTaskTest(input: "x").run(
            OnTask { task in
                var task = task
                task.status = .executing
                task.result = "done"
                return task
            })
        #expect(answer.status == "completed")
    }

    @Test func taskResultIsTakenAsItIs() async throws {
        let answer = try await LocalTaskTest(input: "x").run(
            OnTask { _ in TaskResult(["a": 1], status: "stopped", usedTools: ["t"]) })
        #expect(answer.result == #"{"a":1}"#)
        #expect(answer.status == "stopped")
    }

    @Test func valueIsTakenAsItIs() async throws {
        let answer = try await LocalTaskTest(input: "x").run(OnTask { _ -> Value in ["a": 1, "b": "two"] })
        #expect(answer.result == #"{"a":1,"b":"two"}"#)
    }

    @Test func codeFenceAroundJSONIsTakenOffWhenJSONIsAskedFor() async throws {
        let fenced = "```json\n{\"a\":1}\n```"
        #expect(
            try await LocalTaskTest(input: "x", outputFormat: .json).run(OnTask { _ in fenced }).result == #"{"a":1}"#)
        #expect(try await LocalTaskTest(input: "x").run(OnTask { _ in fenced }).result == fenced)
    }

    @Test func formatOfTheHandlerHoldsWhenTheTaskNamesNone() async throws {
        let handler = OnTask(options: TaskOptions(outputFormat: .json)) { task in
            "```json\n{\"format\":\"\(task.outputFormat?.rawValue ?? "none")\"}\n```"
        }
        #expect(try await LocalTaskTest(input: "x").run(handler).result == #"{"format":"json"}"#)
        let text = try await LocalTaskTest(input: "x", outputFormat: .text).run(handler).result
        #expect(text.hasPrefix("```"))
    }

    @Test func schemaAndFilesReachTheHandler() async throws {
        let schema: Value = ["type": "object", "required": ["a"]]
        let answer = try await LocalTaskTest(
            input: "x", files: ["https://example.com/a.pdf"], outputFormat: .json, outputSchema: schema
        ).run(OnTask { task in [task.outputSchema?.json() ?? "", task.input.files.joined()] })
        #expect(try answer.decoded(as: [String].self) == [schema.json(), "https://example.com/a.pdf"])
    }

    @Test func testTaskRunsOnTheHandlerThatWouldTakeIt() async throws {
        let events = Events(configuration: .embedded(platform: nil, agentID: "a")) {
            OnTask(options: .agent("b")) { _ in "b" }
            OnTask(options: TaskOptions { $0.input.text == "special" }) { _ in "special" }
            OnTask { _ in "a" }
        }
        #expect(try await LocalTaskTest(input: "x", agentID: "b").run(on: events).result == "b")
        #expect(try await LocalTaskTest(input: "special", agentID: "a").run(on: events).result == "special")
        #expect(try await LocalTaskTest(input: "x", agentID: "a").run(on: events).result == "a")
    }

    @Test func thrownErrorIsReportedWithItsMessageOnly() async throws {
        struct Refusal: Error, CustomStringConvertible { var description: String { "the shop is closed" } }
        let answer = try await LocalTaskTest(input: "x").run(OnTask { _ -> String in throw Refusal() })
        #expect(answer.status == "error")
        #expect(answer.result == "the shop is closed")
    }

    @Test func thrownTaskFailureKeepsWhatItSaysAboutRetries() async throws {
        let answer = try await LocalTaskTest(input: "x").run(
            OnTask { _ -> String in throw TaskFailure("bad input", retry: .never) })
        #expect(answer.outcome == .failed(TaskFailure("bad input", retry: .never)))
    }
}
