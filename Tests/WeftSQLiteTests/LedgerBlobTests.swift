// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftValue

@testable import WeftProtocol
@testable import WeftSQLite

/// What is written straight has the bytes of the tree that is read.
struct LedgerBlobTests {
    private static let date = Date(timeIntervalSince1970: 1_800_000_000.25)

    private static let tasks: [TaskSubmission] = [
        TaskSubmission(id: "a", payload: .null),
        TaskSubmission(
            id: "b", source: .platform, agentID: "x", queue: "mail", key: "k", name: "n",
            payload: ["input": ["text": "dishes"]], priority: -3, attempts: 2, workerLosses: 4, notBefore: Self.date,
            waitLimit: .seconds(1), timeLimit: .seconds(2), totalLimit: .milliseconds(3), after: ["c", "d"],
            traceParent: "00-ab"),
    ]

    private static let statuses: [LedgerStatus] = {
        let fresh = LedgerStatus(acceptedAt: Self.date)
        var full = fresh
        full.state = .dead
        full.attempt = 3
        full.epoch = TaskEpoch(ledgerID: "ledger", counter: 5)
        full.worker = NodeID(bytes: [UInt8](1...16))
        full.handlerFailures = 1
        full.workerLosses = 2
        full.returns = 3
        full.requeues = 4
        full.attemptStartedAt = Self.date
        full.awaits = ["e"]
        full.notBefore = Self.date
        full.waitsSince = Self.date
        full.endsBy = Self.date
        full.cancelReason = "no more"
        full.reportsEnd = false
        full.hasBegun = true
        full.outcome = .failed(TaskFailure("broken", retry: .never))
        full.history = [
            TaskAttempt(attempt: 1, worker: nil, endedAt: Self.date, error: "lost"),
            TaskAttempt(attempt: 2, worker: full.worker, startedAt: Self.date, endedAt: Self.date, error: ""),
        ]
        var completed = fresh
        completed.outcome = .completed(TaskResult(["n": 1], status: "failed", tokens: ["t": 2], usedTools: ["u"]))
        var plain = fresh
        plain.outcome = .completed(TaskResult("done"))
        return [fresh, full, completed, plain]
    }()

    @Test(arguments: Self.tasks)
    func aTaskHasTheBytesOfItsTree(task: TaskSubmission) throws {
        #expect(LedgerBlob.data(task) == LedgerBlob.data(task.value))
        #expect(try TaskSubmission(value: LedgerBlob.value(LedgerBlob.data(task))) == task)
    }

    @Test(arguments: Self.statuses)
    func aStatusHasTheBytesOfItsTree(status: LedgerStatus) throws {
        #expect(LedgerBlob.data(status) == LedgerBlob.data(status.value))
        #expect(try LedgerStatus(value: LedgerBlob.value(LedgerBlob.data(status))) == status)
    }
}
