// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// The command `weft submit`.
struct SubmitCommand: AsyncParsableCommand {
    /// How many lines of standard input are under way at once.
    private static let window = 64

    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submits tasks without a platform.",
        discussion: """
            TEXT is the task; the handler gets it as a JSON string. With - each line of standard input is one task. What \
            is printed is the task's id, which is also its deduplication key; with --wait it is the result. Without a \
            coordinator it waits for one, up to --timeout.

            Example:
              weft submit 'count the words' --wait --join tcp://127.0.0.1:7400
            """)

    @Argument(help: ArgumentHelp("The task, or - to read one a line from standard input.", valueName: "TEXT"))
    var text: String

    @Flag(help: "TEXT, or each line, is JSON that the handler gets as it is.")
    var data = false

    @Flag(help: "Wait for the end of the task and print its result.")
    var wait = false

    @Option(help: ArgumentHelp("The task's id; one that was submitted before is not run again.", valueName: "ID"))
    var id: String?

    @Option(help: ArgumentHelp("The agent whose workers are to run it; any worker without it.", valueName: "ID"))
    var agent: String?

    @Option(help: ArgumentHelp("The queue that it waits in.", valueName: "NAME"))
    var queue = "default"

    @Option(help: ArgumentHelp("Tasks of a higher priority are dealt first.", valueName: "N"))
    var priority = 0

    @Option(help: ArgumentHelp("How often the handler may fail before the task is given up.", valueName: "N"))
    var attempts: Int?

    @Option(help: ArgumentHelp("How long one attempt may run.", valueName: "SECONDS"))
    var timeLimit: Double?

    @Option(help: ArgumentHelp("How long to wait for a coordinator, and for the result.", valueName: "SECONDS"))
    var timeout = 30.0

    @Flag(help: "Print one JSON object for each task.")
    var json = false

    @OptionGroup var join: JoinOptions

    func validate() throws {
        guard self.timeout > 0, self.timeout <= 31_536_000 else {
            throw ValidationError("--timeout takes seconds, above 0 and up to a year.")
        }
        if let timeLimit, !(timeLimit > 0 && timeLimit <= 31_536_000) {
            throw ValidationError("--time-limit takes seconds, above 0 and up to a year.")
        }
        if let attempts, attempts < 1 { throw ValidationError("--attempts takes a number from 1.") }
        if self.text == "-", self.id != nil {
            throw ValidationError("--id is for a single task; lines need ids of their own.")
        }
    }

    func run() async throws {
        let logger = try self.join.log.logger("weft.submit", default: .warning)
        var configuration = try self.join.configuration("submit", logger: logger)
        configuration.joinTimeout = .seconds(self.timeout)
        let single = self.text == "-" ? nil : try self.submission(self.text)
        try await CommandRun.interruptible { [configuration] in
            try await Node.joined(configuration) { node in
                if let single {
                    let (line, failure) = try await self.perform(single, node, isAlone: true)
                    if let line { BoundedWriter.output.line(line) }
                    if let failure { throw failure }
                } else {
                    try await self.performLines(node)
                }
            }
        }
    }

    /// Submits each line; the first trouble decides the exit status, and the rest goes on.
    private func performLines(_ node: Node) async throws {
        var worst: CommandFailure?
        func take(_ outcome: (number: Int, line: String?, failure: CommandFailure?)) {
            if let line = outcome.line { BoundedWriter.output.line(line) }
            guard let failure = outcome.failure else { return }
            BoundedWriter.error.line("weft submit: line \(outcome.number): \(failure.message)")
            worst = worst ?? CommandFailure(failure.status)
        }
        try await withThrowingTaskGroup(of: (number: Int, line: String?, failure: CommandFailure?).self) { group in
            var running = 0
            for await batch in InputLines() {
                for (number, bytes) in batch {
                    if running >= Self.window, let outcome = try await group.next() {
                        take(outcome)
                        running -= 1
                    }
                    guard let bytes else {
                        take((number, nil, CommandFailure(.badInput, "longer than \(InputLines.maximumLine) bytes")))
                        continue
                    }
                    guard bytes.contains(where: { !JSONSplitter.isSpace($0) }) else { continue }
                    let text = String(decoding: bytes, as: UTF8.self)
                    group.addTask {
                        do throws(CommandFailure) {
                            let submission = try self.submission(text)
                            let (line, failure) = try await self.perform(submission, node, isAlone: false)
                            return (number, line, failure)
                        } catch {
                            return (number, nil, error)
                        }
                    }
                    running += 1
                }
            }
            for try await outcome in group { take(outcome) }
        }
        try Task.checkCancellation()
        if let worst { throw worst }
    }

    private func submission(_ text: String) throws(CommandFailure) -> TaskSubmission {
        var payload = Value.string(text)
        if self.data {
            do {
                payload = try Value(json: text)
            } catch {
                throw CommandFailure(.badInput, "with --data the task must be JSON, as in '{\"order\": 1}': \(error)")
            }
        }
        var submission = TaskSubmission(payload: payload)
        if let id = self.id { submission.id = id }
        submission.agentID = self.agent
        submission.queue = self.queue
        submission.priority = self.priority
        submission.attempts = self.attempts
        submission.timeLimit = self.timeLimit.map { .seconds($0) }
        return submission
    }

    /// Submits one task and, if asked to, waits for its end.
    ///
    /// - Returns: the line to print, and why the exit status is not 0.
    private func perform(
        _ submission: TaskSubmission, _ node: Node, isAlone: Bool
    ) async throws(CommandFailure) -> (line: String?, failure: CommandFailure?) {
        let receipt: TaskReceipt
        do {
            receipt = try await node.submit(submission, within: .seconds(self.timeout))
        } catch {
            throw CommandFailure(joining: error)
        }
        guard self.wait else {
            let line: Value = ["id": .string(receipt.id), "state": .string(receipt.state.rawValue)]
            return (self.json ? line.json() : receipt.id, nil)
        }
        do {
            return self.report(receipt.id, try await receipt.outcome(within: .seconds(self.timeout)), isAlone: isAlone)
        } catch let failure as TaskPlaneFailure where failure.code == .timedOut {
            throw CommandFailure(
                .timedOut,
                "task \(receipt.id) was accepted and has not ended within \(self.timeout) s; ask again with the same --id, "
                    + "or see with weft status whether there are workers for it")
        } catch {
            throw CommandFailure(joining: error)
        }
    }

    private func report(
        _ id: String, _ outcome: TaskOutcome, isAlone: Bool
    ) -> (line: String?, failure: CommandFailure?) {
        func line(_ status: String, _ key: String, _ value: Value, _ text: String) -> String {
            if self.json { return Value.object(["id": .string(id), "status": .string(status), key: value]).json() }
            return isAlone ? text : "\(id)\t\(status)\t\(Terminal.safe(text, limit: 10_000))"
        }
        switch outcome {
        case .completed(let result):
            return (line(result.status ?? "completed", "result", result.value, result.text), nil)
        case .failed(let failure):
            return (
                isAlone && !self.json ? nil : line("failed", "message", .string(failure.message), failure.message),
                CommandFailure(.failed, "the task failed: \(failure.message)")
            )
        case .cancelled(let reason):
            return (
                isAlone && !self.json ? nil : line("cancelled", "message", .string(reason), reason),
                CommandFailure(.failed, "the task was cancelled: \(reason)")
            )
        }
    }
}
