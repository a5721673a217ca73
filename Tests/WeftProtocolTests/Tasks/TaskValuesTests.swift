// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftProtocol
import WeftValue

/// What a ledger and the mesh's calls carry comes back as it was.
struct TaskValuesTests {
    private static let date = Date(timeIntervalSince1970: 1_800_000_000.25)

    static let submissions = [
        TaskSubmission(id: "bare", payload: .null),
        TaskSubmission(
            id: "full", source: .platform, agentID: "agent", queue: "mail", key: "account-7", name: "wash",
            payload: ["a": [1, 2.5, .null]], priority: -3, attempts: 9, workerLosses: 2, notBefore: Self.date,
            waitLimit: .seconds(5), timeLimit: .milliseconds(1500), totalLimit: .seconds(3600), after: ["x", "y"],
            traceParent: "00-ab-cd-01"),
    ]

    @Test(arguments: Self.submissions)
    func aSubmissionComesBackAsItWas(task: TaskSubmission) throws {
        #expect(try TaskSubmission(value: try Self.throughBytes(task.value)) == task)
    }

    @Test func aSubmissionSaysOnlyWhatIsSet() {
        #expect(Self.submissions[0].value == ["i": "bare", "s": "submit", "q": "default", "p": .null])
    }

    @Test(arguments: TaskState.allCases)
    func aStatusComesBackAsItWas(state: TaskState) throws {
        var status = LedgerStatus(acceptedAt: Self.date)
        #expect(try LedgerStatus(value: try Self.throughBytes(status.value)) == status)
        status.state = state
        status.attempt = 7
        status.epoch = TaskEpoch(ledgerID: "L", counter: 3)
        status.worker = NodeID(bytes: [UInt8](1...16))
        status.handlerFailures = 2
        status.workerLosses = 1
        status.returns = 4
        status.requeues = 5
        status.awaits = ["x"]
        status.attemptStartedAt = Self.date
        status.notBefore = Self.date.addingTimeInterval(1)
        status.waitsSince = Self.date.addingTimeInterval(2)
        status.endsBy = Self.date.addingTimeInterval(3)
        status.cancelReason = "wanted"
        status.reportsEnd = false
        status.hasBegun = true
        status.outcome = .failed(TaskFailure("broke", retry: .never))
        status.history = [
            TaskAttempt(attempt: 1, worker: status.worker, startedAt: Self.date, endedAt: Self.date, error: "lost"),
            TaskAttempt(attempt: 2, worker: nil, endedAt: Self.date, error: ""),
        ]
        #expect(try LedgerStatus(value: try Self.throughBytes(status.value)) == status)
    }

    @Test func aReportComesBackAsItWasAndEachEndHasItsOwnId() throws {
        let content = ReportItem.Content.final(
            status: "error", result: "r", tokens: ["prompt_tokens": 1], usedTools: ["t"], format: "json", task: "x")
        let items = [
            ReportItem(taskID: "a", agentID: "g", content: .executing),
            ReportItem(taskID: "a", agentID: "g", content: content),
            ReportItem(taskID: "a", agentID: "g", requeues: 2, content: content),
        ]
        for item in items { #expect(try ReportItem(value: try Self.throughBytes(item.value)) == item) }
        #expect(items.map(\.id) == ["a/executing", "a/final", "a/final/2"])
    }

    static let wrong: [(key: String, value: Value)] = [
        ("v", 0), ("v", "three"), ("w", -1), ("e", "1s"), ("d", "tomorrow"), ("f", ["x", 1]), ("k", 7),
    ]

    @Test(arguments: Self.wrong)
    func aFieldThatIsWrongIsNamed(key: String, value: Value) throws {
        guard case .object(var members) = Self.submissions[0].value else { return }
        members[key] = value
        let error = #expect(throws: TaskPlaneError.self) { try TaskSubmission(value: .object(members)) }
        #expect(error.map { "\($0)".contains("\"\(key)\"") } == true)
    }

    private static func throughBytes(_ value: Value) throws -> Value {
        var writer = MessagePackWriter()
        writer.write(value)
        var reader = MessagePackReader(writer.bytes[...])
        return try reader.readValue()
    }
}
