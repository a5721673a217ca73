// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// A task's record as commands show it, to people and as JSON.
struct TaskView {
    /// How much of a payload or a result people are shown unless they ask for all of it.
    static let shownBytes = 4096

    let record: TaskRecord
    /// What the workers that are still there are called.
    let names: [NodeID: String]
    let now: Date
    /// Whether large parts were left out on the way here.
    var isShortened = false

    private var task: TaskSubmission { self.record.task }
    private var status: LedgerStatus { self.record.status }

    // MARK: - A line

    /// The columns that every list has, and those that it has when a task has something to say there.
    static let columns = ["ID", "STATE", "AGE", "QUEUE", "KEY", "AGENT", "NAME", "TRY", "WORKER", "NOTE"]
    static let optionalColumns: Set<String> = ["KEY", "AGENT", "NAME", "WORKER", "NOTE"]

    /// The task's cells, one for each column.
    var cells: [String] {
        [
            self.task.id, self.status.state.rawValue, self.status.acceptedAt.age(at: self.now), self.task.queue,
            self.task.key ?? "", self.task.agentID ?? "", self.task.name ?? "", "\(self.status.attempt)",
            self.status.worker.map(self.name) ?? "", self.note,
        ]
    }

    /// A table of tasks, without the columns in which nobody has anything to say.
    static func table(of views: [TaskView], columns: [String] = Self.columns) -> TextTable {
        let rows = views.map(\.cells)
        let kept = Self.columns.indices.filter { index in
            guard columns.contains(Self.columns[index]) else { return false }
            return !Self.optionalColumns.contains(Self.columns[index]) || rows.contains { !$0[index].isEmpty }
        }
        var table = TextTable(header: kept.map { Self.columns[$0] })
        for row in rows { table.add(kept.map { row[$0] }) }
        return table
    }

    /// What there is to say about where the task is.
    private var note: String {
        if let message = self.message { return message }
        if self.status.state.isFinal { return "" }
        if let reason = self.status.cancelReason { return "to be cancelled: \(reason)" }
        let due = (self.status.notBefore ?? self.task.notBefore).flatMap { $0 > self.now ? $0.age(at: self.now) : nil }
        let last = self.status.history.last?.error
        switch (due, last) {
        case (let due?, let last?): return "again \(due): \(last)"
        case (let due?, nil): return "due \(due)"
        case (nil, let last?): return "before: \(last)"
        case (nil, nil): break
        }
        if self.status.state == .queued, !self.task.after.isEmpty {
            return "after \(self.task.after.joined(separator: ", "))"
        }
        return ""
    }

    /// Why the task ended otherwise than with a result.
    private var message: String? {
        switch self.status.outcome {
        case .failed(let failure): failure.message
        case .cancelled(let reason): reason
        case .completed, nil: nil
        }
    }

    private func name(of worker: NodeID) -> String {
        self.names[worker] ?? String(worker.description.prefix(8))
    }

    // MARK: - All of it, for people

    /// Everything that is known of the task.
    ///
    /// - Parameters:
    ///   - isFull: Whether payload and result are printed whole, whatever their size.
    ///   - columns: How long a line of a table may be; nil for as long as it takes.
    func lines(isFull: Bool, fitting columns: Int?) -> [String] {
        var lines = ["task \(Terminal.safe(self.task.id, limit: TaskDefaults.maximumNameBytes))"]
        for (name, text) in self.facts where !text.isEmpty {
            lines.append("  " + name + String(repeating: " ", count: max(1, 13 - name.count)) + text)
        }
        if !self.attempts.isEmpty {
            var table = TextTable(header: ["TRY", "WORKER", "STARTED", "ENDED", "TOOK", "ERROR"])
            for attempt in self.attempts { table.add(self.cells(of: attempt)) }
            lines.append("attempts")
            lines += table.lines(fitting: columns)
            // A table has no room for what went wrong in several lines.
            for attempt in self.attempts where (attempt.error ?? "").contains("\n") || (attempt.error ?? "").count > 60
            {
                lines.append("error of attempt \(attempt.number)")
                lines += Self.block(attempt.error ?? "", isFull: isFull)
            }
        }
        lines.append("payload" + (self.isShortened ? " (left out: too large)" : ""))
        lines += Self.block(self.task.payload, isFull: isFull)
        if case .completed(let result) = self.status.outcome {
            lines.append("result")
            lines += Self.block(result.value, isFull: isFull)
        }
        return lines
    }

    private var facts: [(name: String, text: String)] {
        [
            ("state", self.stateText), ("error", self.message.map { Terminal.safe($0, limit: 500) } ?? ""),
            ("queue", Terminal.safe(self.task.queue)), ("key", Terminal.safe(self.task.key ?? "")),
            ("name", Terminal.safe(self.task.name ?? "")), ("agent", Terminal.safe(self.task.agentID ?? "")),
            ("source", self.task.source.rawValue), ("priority", self.task.priority == 0 ? "" : "\(self.task.priority)"),
            ("accepted", self.moment(self.status.acceptedAt)),
            ("not before", (self.status.notBefore ?? self.task.notBefore).map(self.moment) ?? ""),
            ("after", self.task.after.map { Terminal.safe($0) }.joined(separator: ", ")),
            ("limits", self.limitsText), ("failures", self.failuresText),
            ("cancelling", self.status.state.isFinal ? "" : Terminal.safe(self.status.cancelReason ?? "")),
        ]
    }

    private var stateText: String {
        var text = "\(self.status.state.rawValue), since \(self.moment(self.status.updatedAt))"
        if let worker = self.status.worker {
            text += self.status.state.isHeld ? ", at \(Terminal.safe(self.name(of: worker)))" : ""
        }
        if self.status.requeues > 0 {
            text += ", requeued \(self.status.requeues == 1 ? "once" : "\(self.status.requeues) times")"
        }
        return text
    }

    private var limitsText: String {
        let limits: [(String, String?)] = [
            ("attempts", self.task.attempts.map { "\($0)" }), ("worker losses", self.task.workerLosses.map { "\($0)" }),
            ("wait", self.task.waitLimit?.brief), ("one attempt", self.task.timeLimit?.brief),
            ("in total", self.task.totalLimit?.brief),
        ]
        return limits.compactMap { name, text in text.map { "\(name) \($0)" } }.joined(separator: ", ")
    }

    private var failuresText: String {
        let counts = [
            ("of the handler", self.status.handlerFailures), ("workers lost", self.status.workerLosses),
            ("given back", self.status.returns),
        ]
        return counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
    }

    private func moment(_ date: Date) -> String { "\(date.rfc3339Microseconds) (\(date.age(at: self.now)))" }

    // MARK: - Attempts

    /// One try as it is shown; the last one may still run.
    private struct Attempt {
        let number: Int
        let worker: NodeID?
        let started: Date?
        let ended: Date?
        let error: String?
    }

    private var attempts: [Attempt] {
        var attempts = self.status.history.map {
            Attempt(
                number: $0.attempt, worker: $0.worker, started: $0.startedAt, ended: $0.endedAt,
                error: $0.error.isEmpty ? nil : $0.error)
        }
        if self.status.state.isHeld {
            attempts.append(
                Attempt(
                    number: self.status.attempt, worker: self.status.worker, started: self.status.attemptStartedAt,
                    ended: nil, error: nil))
        }
        return attempts
    }

    private func cells(of attempt: Attempt) -> [String] {
        [
            "\(attempt.number)", attempt.worker.map(self.name) ?? "", attempt.started?.rfc3339Microseconds ?? "",
            attempt.ended?.rfc3339Microseconds ?? "",
            self.duration(of: attempt).map { Duration.seconds($0).brief } ?? "", attempt.error ?? "",
        ]
    }

    private func duration(of attempt: Attempt) -> Double? {
        attempt.started.map { max(0, (attempt.ended ?? self.now).timeIntervalSince($0)) }
    }

    // MARK: - JSON

    /// The whole record, with names that people read.
    var value: Value {
        var members: [String: Value] = [
            "id": .string(self.task.id), "state": .string(self.status.state.rawValue),
            "source": .string(self.task.source.rawValue), "queue": .string(self.task.queue),
            "priority": Value(self.task.priority), "attempt": Value(self.status.attempt),
            "accepted": .date(self.status.acceptedAt), "updated": .date(self.status.updatedAt),
            "handler_failures": Value(self.status.handlerFailures), "worker_losses": Value(self.status.workerLosses),
            "returns": Value(self.status.returns), "requeues": Value(self.status.requeues),
            "attempts": .array(self.attempts.map(self.value)), "payload": self.task.payload,
        ]
        func add(_ key: String, _ value: Value?) { members[key] = value }
        add("key", self.task.key.map(Value.string))
        add("agent", self.task.agentID.map(Value.string))
        add("name", self.task.name.map(Value.string))
        add("not_before", (self.status.notBefore ?? self.task.notBefore).map(Value.date))
        add("after", self.task.after.isEmpty ? nil : .array(self.task.after.map(Value.string)))
        add("cancel_reason", self.status.cancelReason.map(Value.string))
        add("worker", self.status.worker.map(self.value(of:)))
        add("limits", self.limits)
        add("shortened", self.isShortened ? .bool(true) : nil)
        switch self.status.outcome {
        case .completed(let result):
            add("result", result.value)
            add("status", result.status.map(Value.string))
            add("tokens", result.tokens)
            add("used_tools", result.usedTools.isEmpty ? nil : .array(result.usedTools.map(Value.string)))
        case .failed, .cancelled: add("error", self.message.map(Value.string))
        case nil: break
        }
        return .object(members)
    }

    private var limits: Value? {
        var members: [String: Value] = [:]
        func add(_ key: String, _ value: Value?) { members[key] = value }
        func seconds(_ duration: Duration?) -> Value? { duration.map { .double($0 / .seconds(1)) } }
        add("attempts", self.task.attempts.map { Value($0) })
        add("worker_losses", self.task.workerLosses.map { Value($0) })
        add("wait_seconds", seconds(self.task.waitLimit))
        add("time_seconds", seconds(self.task.timeLimit))
        add("total_seconds", seconds(self.task.totalLimit))
        return members.isEmpty ? nil : .object(members)
    }

    private func value(of worker: NodeID) -> Value {
        ["id": .string(worker.description), "name": self.names[worker].map(Value.string) ?? .null]
    }

    private func value(of attempt: Attempt) -> Value {
        [
            "attempt": Value(attempt.number), "worker": attempt.worker.map(self.value(of:)) ?? .null,
            "started": attempt.started.map(Value.date) ?? .null, "ended": attempt.ended.map(Value.date) ?? .null,
            "seconds": self.duration(of: attempt).map(Value.double) ?? .null,
            "error": attempt.error.map(Value.string) ?? .null,
        ]
    }

    // MARK: - Blocks

    private static func block(_ value: Value, isFull: Bool) -> [String] {
        if case .string(let text) = value { return Self.block(text, isFull: isFull) }
        return Self.block(value.json(pretty: true), isFull: isFull)
    }

    private static func block(_ text: String, isFull: Bool) -> [String] {
        let bytes = text.utf8.count
        let isCut = !isFull && bytes > Self.shownBytes
        let shown = isCut ? String(decoding: text.utf8.prefix(Self.shownBytes), as: UTF8.self) : text
        var lines = shown.split(separator: "\n", omittingEmptySubsequences: false).map {
            "  " + Terminal.safe(String($0), limit: .max)
        }
        if isCut { lines.append("  … \(bytes) bytes in all; --full prints them") }
        return lines
    }
}

extension TaskView {
    /// Whether a worker holds the task, or ended it.
    ///
    /// - Parameter worker: The worker's name, or the beginning of its id.
    func isHeld(by worker: String) -> Bool {
        guard let id = self.record.status.worker else { return false }
        return self.names[id] == worker || (worker.count >= 4 && id.description.hasPrefix(worker.lowercased()))
    }
}
