// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// What the commands about tasks share: they join, ask the coordinator, and leave.
struct TaskAsking {
    /// The shortest beginning of an id that stands for the whole.
    static let shortestPrefix = 4

    let node: Node

    /// Joins, runs the command, and leaves.
    static func run(
        _ command: String, _ options: MeshOptions, endsWithReader: Bool = false,
        _ body: @escaping @Sendable (TaskAsking) async throws -> Void
    ) async throws {
        let logger = try options.log.logger("weft.\(command)", default: .warning)
        let configuration = try options.configuration(command, logger: logger)
        try await CommandRun.interruptible(endsWithReader: endsWithReader) {
            try await Node.joined(configuration) { node in
                do {
                    try await body(TaskAsking(node: node))
                } catch {
                    throw CommandFailure(joining: error)
                }
            }
        }
    }

    /// What the workers that are there are called.
    func workerNames() async -> [NodeID: String] {
        var names: [NodeID: String] = [:]
        for member in await self.node.members() { names[member.record.id] = member.record.name }
        return names
    }

    // MARK: - Ids

    /// Finds the tasks that are meant: by their ids, or by beginnings that no other task shares.
    ///
    /// - Parameter states: Where beginnings are looked for.
    /// - Returns: The ids in their order, and what is wrong with the others.
    func resolve(
        _ texts: [String], in states: Set<TaskState> = Set(TaskState.allCases)
    ) async throws -> (ids: [String], complaints: [String]) {
        var ids: [String] = []
        var complaints: [String] = []
        for text in texts {
            // As a table shortens it.
            let text = text.hasSuffix("…") ? String(text.dropLast()) : text
            do {
                ids.append(try await self.resolve(text, in: states))
            } catch let failure as CommandFailure where failure.status == .failed {
                complaints.append(failure.message)
            }
        }
        return (ids, complaints)
    }

    /// Finds the task that is meant.
    func resolve(_ text: String, in states: Set<TaskState> = Set(TaskState.allCases)) async throws -> String {
        let shown = Terminal.safe(text)
        guard !text.isEmpty, text.utf8.count <= TaskDefaults.maximumNameBytes else {
            throw CommandFailure(.failed, "no task has the id '\(shown)'")
        }
        do {
            return try await self.node.task(text).task.id
        } catch let refusal as TaskRefusal where refusal.code == .unknown {
            guard text.utf8.count >= Self.shortestPrefix else {
                throw CommandFailure(
                    .failed,
                    "no task has the id '\(shown)', and the beginning of an id needs \(Self.shortestPrefix) characters")
            }
        }
        var filter = TaskFilter(states: states)
        filter.idPrefix = text
        filter.limit = 4
        let found = try await self.node.tasks(matching: filter).tasks.map(\.task.id)
        switch found.count {
        case 0: throw CommandFailure(.failed, "no task has the id '\(shown)'; weft tasks ls shows which there are")
        case 1: return found[0]
        default:
            let some = found.prefix(3).map { Terminal.safe($0) }.joined(separator: ", ")
            throw CommandFailure(
                .failed,
                "several tasks' ids begin with '\(shown)' (\(some)\(found.count > 3 ? ", …" : "")); type more of it")
        }
    }

    // MARK: - Lists

    /// Hands over the tasks that match, page by page.
    ///
    /// - Parameters:
    ///   - filter: What the coordinator looks for.
    ///   - options: What is looked at here.
    ///   - limit: At most so many; nil for all.
    ///   - take: Takes a page.
    /// - Returns: Whether there are more than were wanted.
    func each(
        _ filter: TaskFilter, _ options: TaskFilterOptions, limit: Int?,
        _ take: ([TaskView]) async throws -> Void
    ) async throws -> Bool {
        let names = await self.workerNames()
        var filter = filter
        var left = limit
        repeat {
            try Task.checkCancellation()
            // One more than wanted tells whether there are more.
            filter.limit = options.worker == nil ? left.map { min($0, 999) + 1 } ?? 1000 : 1000
            let page = try await self.node.tasks(matching: filter)
            let now = Date()
            var views = page.tasks.map {
                TaskView(record: $0, names: names, now: now, isShortened: page.shortened.contains($0.task.id))
            }
            if let worker = options.worker { views = views.filter { $0.isHeld(by: worker) } }
            if let wanted = left, views.count > wanted {
                try await take(Array(views.prefix(wanted)))
                return true
            }
            try await take(views)
            left = left.map { $0 - views.count }
            filter.after = page.next
        } while filter.after != nil
        return false
    }

    // MARK: - Requests

    /// Prints what became of a request about several tasks.
    ///
    /// - Parameters:
    ///   - complaints: What was wrong before anything was asked.
    ///   - verb: What was done, for people: `requeued`.
    /// - Throws: ``CommandFailure`` when something was not done.
    static func print(
        _ reports: [TaskActionReport], complaints: [String] = [], verb: (TaskActionReport) -> String, isJSON: Bool
    ) throws {
        for report in reports {
            if isJSON {
                var members: [String: Value] = ["id": .string(report.id), "done": .bool(report.refusal == nil)]
                if let state = report.state { members["state"] = .string(state.rawValue) }
                if let refusal = report.refusal {
                    members["error"] = .string(refusal.message)
                    members["code"] = .string(refusal.code.description)
                }
                BoundedWriter.output.line(Value.object(members).json())
            } else if report.refusal == nil {
                BoundedWriter.output.line(
                    "\(verb(report)) \(Terminal.safe(report.id, limit: TaskDefaults.maximumNameBytes))")
            }
        }
        let refused = reports.compactMap { report in
            report.refusal.map { "\(Terminal.safe(report.id)): \($0.message)" }
        }
        for complaint in complaints + refused { BoundedWriter.error.line("weft: \(complaint)") }
        let missed = complaints.count + refused.count
        guard missed == 0 else { throw CommandFailure(.failed) }
    }
}
