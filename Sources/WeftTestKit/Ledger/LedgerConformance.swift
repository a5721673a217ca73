// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
public import WeftProtocol
import WeftValue

/// What every ledger must do, whatever it keeps its records in: one list of checks, run on each implementation.
///
/// ```swift
/// @Test(arguments: LedgerConformance.checks)
/// func conforms(_ check: LedgerConformance) async throws { try await check.run(InMemoryLedger()) }
/// ```
public struct LedgerConformance: Sendable {
    /// What went wrong.
    public struct Failure: Error, CustomStringConvertible {
        /// What was expected, and what was found.
        public let description: String
    }

    /// The fact that is checked.
    public let name: String
    /// Checks it with a ledger that is new and empty.
    public let run: @Sendable (any Ledger) async throws -> Void

    /// All the checks.
    public static let checks: [LedgerConformance] = [
        LedgerConformance(name: "a new ledger is empty and at its first epoch") { ledger in
            let state = try await ledger.open()
            try expect(state.epoch.counter == 1 && !state.epoch.ledgerID.isEmpty, "the first epoch is \(state.epoch)")
            try expect(state.unfinished.isEmpty && state.reports.isEmpty, "it holds \(state)")
            let task = try await ledger.task("nobody")
            try expect(task == nil, "it knows a task that was never accepted")
        },
        LedgerConformance(name: "each opening raises the epoch and refuses the older one") { ledger in
            let first = try await ledger.open().epoch
            try await ledger.write([.accepted(record("a"))], epoch: first)
            let second = try await ledger.open().epoch
            try expect(second.counter == first.counter + 1 && second.ledgerID == first.ledgerID, "\(first), \(second)")
            try await expectError(.superseded) { try await ledger.write([.accepted(record("b"))], epoch: first) }
            let task = try await ledger.task("b")
            try expect(task == nil, "a superseded coordinator has written")
            try await ledger.write([.accepted(record("b"))], epoch: second)
        },
        LedgerConformance(name: "another ledger's epoch is refused") { ledger in
            var epoch = try await ledger.open().epoch
            epoch.ledgerID += "-other"
            try await expectError(.superseded) { try await ledger.write([.accepted(record("a"))], epoch: epoch) }
        },
        LedgerConformance(name: "a record comes back as it was written, every field of it") { ledger in
            let epoch = try await ledger.open().epoch
            for record in [record("bare"), fullRecord("full", epoch: epoch)] {
                try await ledger.write([.accepted(record)], epoch: epoch)
                let read = try await ledger.task(record.task.id)
                try expect(read == record, "wrote \(record), read \(String(describing: read))")
            }
        },
        LedgerConformance(name: "a status replaces the one before and leaves the task alone") { ledger in
            let epoch = try await ledger.open().epoch
            let written = record("a")
            try await ledger.write([.accepted(written)], epoch: epoch)
            var status = written.status
            status.state = .running
            status.attempt = 3
            status.epoch = epoch
            try await ledger.write([.status(id: "a", status)], epoch: epoch)
            let read = try await ledger.task("a")
            try expect(read == TaskRecord(task: written.task, status: status), "read \(String(describing: read))")
        },
        LedgerConformance(name: "a write that fails changes nothing") { ledger in
            let epoch = try await ledger.open().epoch
            try await expectError(.invalidChange) {
                try await ledger.write(
                    [.accepted(record("a")), .status(id: "nobody", record("x").status)], epoch: epoch)
            }
            let task = try await ledger.task("a")
            try expect(task == nil, "half of a failed write is there")
        },
        LedgerConformance(name: "an opening gives what is unfinished, the oldest first, and no more") { ledger in
            let epoch = try await ledger.open().epoch
            let states: [(String, TaskState)] = [
                ("z", .queued), ("done", .completed), ("y", .leased), ("dead", .dead), ("x", .running),
                ("gone", .cancelled), ("late", .expired), ("w", .retrying),
            ]
            for (id, state) in states {
                var record = record(id)
                try await ledger.write([.accepted(record)], epoch: epoch)
                record.status.state = state
                try await ledger.write([.status(id: id, record.status)], epoch: epoch)
            }
            let ids = try await ledger.open().unfinished.map(\.task.id)
            try expect(ids == ["z", "y", "x", "w"], "unfinished are \(ids)")
        },
        LedgerConformance(name: "reports are there until they are settled, the oldest first") { ledger in
            let epoch = try await ledger.open().epoch
            let reports = ["c", "a", "b"].map { id in
                ReportItem(
                    taskID: id, agentID: "agent",
                    content: .final(
                        status: "completed", result: "r\u{1F600}", tokens: ["prompt_tokens": 3], usedTools: ["t"],
                        format: "json", task: ["id": .string(id)]))
            }
            try await ledger.write(reports.map { .report($0) }, epoch: epoch)
            try await ledger.write([.reported(id: reports[1].id)], epoch: epoch)
            let left = try await ledger.open().reports
            try expect(left == [reports[0], reports[2]], "left are \(left)")
        },
        LedgerConformance(name: "tasks are listed by state, the oldest first, up to a limit") { ledger in
            let epoch = try await ledger.open().epoch
            for id in ["c", "b", "a"] { try await ledger.write([.accepted(record(id))], epoch: epoch) }
            let two = try await ledger.tasks(in: [.queued], limit: 2).map(\.task.id)
            try expect(two == ["c", "b"], "listed \(two)")
            let none = try await ledger.tasks(in: [.dead], limit: 10)
            try expect(none.isEmpty, "listed \(none)")
            let negative = try await ledger.tasks(in: [.queued], limit: -1)
            try expect(negative.isEmpty, "a negative limit listed \(negative)")
        },
        LedgerConformance(name: "a filter finds what matches all of it, in both orders, page by page") { ledger in
            let epoch = try await ledger.open().epoch
            var records = (0..<7).map { record("t\($0)") }
            for index in records.indices { records[index].status.acceptedAt += Double(index) }
            records[1].task.queue = "mail"
            records[2].task.agentID = "agent"
            records[3].task.name = "image:resize"
            records[4].task.key = "account"
            records[5].task.source = .platform
            records[6].status.state = .completed
            records[5].status.state = .dead
            try await ledger.write(records.map { .accepted($0) }, epoch: epoch)
            func found(_ change: (inout TaskFilter) -> Void) async throws -> [String] {
                var filter = TaskFilter()
                change(&filter)
                return try await ledger.tasks(matching: filter).records.map(\.task.id)
            }
            try expect(try await found { $0.queue = "mail" } == ["t1"], "queue")
            try expect(try await found { $0.agentID = "agent" } == ["t2"], "agent")
            try expect(try await found { $0.name = "image:resize" } == ["t3"], "name")
            try expect(try await found { $0.key = "account" } == ["t4"], "key")
            try expect(try await found { $0.source = .platform } == ["t5"], "source")
            try expect(try await found { $0.idPrefix = "t6" } == ["t6"], "prefix")
            try expect(try await found { $0.states = [.dead] } == ["t5"], "dead")
            try expect(try await found { $0.states = [.dead, .completed] } == ["t6", "t5"], "dead or completed")
            try expect(try await found { $0.states = [.queued, .dead] }.count == 6, "queued or dead")
            try expect(try await found { $0.states = [] }.isEmpty, "no state")
            try expect(try await found { ($0.queue, $0.key) = ("mail", "account") }.isEmpty, "all of it")
            let dates = (records[2].status.acceptedAt, records[4].status.acceptedAt)
            let between = try await found { ($0.acceptedAfter, $0.acceptedBefore) = dates }
            try expect(between == ["t3", "t2"], "between: \(between)")
            for isNewestFirst in [true, false] {
                var filter = TaskFilter(states: Set(TaskState.allCases).subtracting([.dead]), limit: 2)
                filter.isNewestFirst = isNewestFirst
                var pages: [[String]] = []
                repeat {
                    let page = try await ledger.tasks(matching: filter)
                    pages.append(page.records.map(\.task.id))
                    filter.after = page.next
                    // What is removed meanwhile must not end the list.
                    if let id = pages.last?.last { try await ledger.write([.removed(id: id)], epoch: epoch) }
                } while filter.after != nil && pages.count < 9
                try expect(
                    pages
                        == (isNewestFirst ? [["t6", "t4"], ["t3", "t2"], ["t1", "t0"]] : [["t1", "t3"], ["t6"]]),
                    "pages are \(pages)")
            }
        },
        LedgerConformance(name: "it says how many tasks are in each state") { ledger in
            let epoch = try await ledger.open().epoch
            let none = try await ledger.counts()
            try expect(none.isEmpty, "an empty ledger counts \(none)")
            for (index, state) in (TaskState.allCases + [.queued, .dead, .dead]).enumerated() {
                var record = record("t\(index)")
                try await ledger.write([.accepted(record)], epoch: epoch)
                record.status.state = state
                try await ledger.write([.status(id: record.task.id, record.status)], epoch: epoch)
            }
            let counts = try await ledger.counts()
            var expected = Dictionary(uniqueKeysWithValues: TaskState.allCases.map { ($0, 1) })
            expected[.queued] = 2
            expected[.dead] = 3
            try expect(counts == expected, "it counts \(counts)")
        },
        LedgerConformance(name: "a task that is requeued keeps its place and is unfinished again") { ledger in
            let epoch = try await ledger.open().epoch
            for id in ["a", "b"] {
                var record = record(id)
                record.status.state = id == "a" ? .dead : .queued
                try await ledger.write([.accepted(record)], epoch: epoch)
            }
            var again = record("a")
            again.status.requeues = 1
            try await ledger.write([.accepted(again)], epoch: epoch)
            let state = try await ledger.open()
            try expect(state.unfinished == [again, record("b")], "unfinished are \(state.unfinished)")
            again.status.state = .completed
            try await ledger.write([.status(id: "a", again.status)], epoch: state.epoch)
            again.status.state = .running
            try await ledger.write([.status(id: "a", again.status)], epoch: state.epoch)
            let counts = try await ledger.counts()
            try expect(counts == [.queued: 1, .running: 1], "it counts \(counts)")
        },
        LedgerConformance(name: "a removed task is gone") { ledger in
            let epoch = try await ledger.open().epoch
            try await ledger.write([.accepted(record("a"))], epoch: epoch)
            try await ledger.write([.removed(id: "a")], epoch: epoch)
            let task = try await ledger.task("a")
            try expect(task == nil, "it is still there")
        },
        LedgerConformance(name: "a thousand tasks of one write are all there") { ledger in
            let epoch = try await ledger.open().epoch
            try await ledger.write((0..<1000).map { .accepted(record("t\($0)")) }, epoch: epoch)
            let count = try await ledger.open().unfinished.count
            try expect(count == 1000, "\(count) are there")
        },
    ]

    /// A task that has just been accepted.
    public static func record(_ id: String) -> TaskRecord {
        TaskRecord(
            task: TaskSubmission(id: id, payload: .string("payload of \(id)")),
            status: LedgerStatus(acceptedAt: Date(timeIntervalSince1970: 1_800_000_000)))
    }

    private static func fullRecord(_ id: String, epoch: TaskEpoch) -> TaskRecord {
        let date = Date(timeIntervalSince1970: 1_800_000_123.5)
        var status = LedgerStatus(acceptedAt: date)
        status.state = .retrying
        status.attempt = 7
        status.epoch = epoch
        status.worker = NodeID(bytes: [UInt8](1...16))
        status.handlerFailures = 2
        status.workerLosses = 1
        status.returns = 4
        status.requeues = 3
        status.awaits = ["second"]
        status.attemptStartedAt = date.addingTimeInterval(-5)
        status.notBefore = date.addingTimeInterval(60)
        status.waitsSince = date.addingTimeInterval(-6)
        status.endsBy = date.addingTimeInterval(600)
        status.cancelReason = "wanted"
        status.reportsEnd = false
        status.hasBegun = true
        status.outcome = .failed(TaskFailure("broke", retry: .at(date)))
        status.history = [
            TaskAttempt(
                attempt: 1, worker: status.worker, startedAt: date.addingTimeInterval(-9), endedAt: date, error: "lost")
        ]
        return TaskRecord(
            task: TaskSubmission(
                id: id, source: .platform, agentID: "agent", queue: "mail", key: "account-7", name: "image:resize",
                payload: ["text": "\u{0}\u{1F600}", "list": [1, 2.5, .null, true], "bytes": .bytes([0, 255])],
                priority: -3, attempts: 9, workerLosses: 4, notBefore: date.addingTimeInterval(60),
                waitLimit: .seconds(10), timeLimit: .milliseconds(1500), totalLimit: .seconds(600),
                after: ["first", "second"], traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            status: status)
    }

    private static func expect(_ condition: Bool, _ found: @autoclosure () -> String) throws {
        if !condition { throw Failure(description: found()) }
    }

    private static func expectError(_ code: LedgerError.Code, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as LedgerError {
            return try self.expect(error.code == code, "the error is \(error.code): \(error)")
        }
        throw Failure(description: "there was no error; \(code) was expected")
    }
}

extension LedgerConformance: CustomStringConvertible {
    /// The fact that is checked.
    public var description: String { self.name }
}
