// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// The command `weft submit`.
struct SubmitCommand: AsyncParsableCommand {
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

    @Option(help: ArgumentHelp("The name of a typed task, which is the handler's.", valueName: "NAME"))
    var task: String?

    @OptionGroup var limits: TaskLimitOptions

    @Option(help: ArgumentHelp("How long to wait for a coordinator, and for the result.", valueName: "DURATION"))
    var timeout = DurationArgument(.seconds(30))

    @Flag(help: "Print one JSON object for each task.")
    var json = false

    @OptionGroup var join: JoinOptions

    func validate() throws {
        guard self.timeout.duration > .zero else {
            throw ValidationError("--timeout takes a duration above 0, \(DurationArgument.forms).")
        }
        if self.text == "-", self.id != nil {
            throw ValidationError("--id is for a single task; lines need ids of their own.")
        }
    }

    func run() async throws {
        let logger = try self.join.log.logger("weft.submit", default: .warning)
        var configuration = try self.join.configuration("submit", logger: logger)
        configuration.joinTimeout = self.timeout.duration
        let single = self.text == "-" ? nil : try self.submission(self.text)
        try await CommandRun.interruptible { [configuration] in
            try await Node.joined(configuration) { node in
                if let single {
                    let (line, failure) = try await self.perform(single, node, isAlone: true)
                    if let line { BoundedWriter.output.line(line) }
                    if let failure { throw failure }
                } else {
                    let lines = SubmitLines { (text, progress) throws(CommandFailure) in
                        try await self.perform(try self.submission(text), node, isAlone: false, progress)
                    }
                    try await lines.run()
                }
            }
        }
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
        submission.name = self.task
        self.limits.apply(to: &submission)
        return submission
    }

    /// Submits one task and, if asked to, waits for its end.
    ///
    /// - Returns: the line to print, and why the exit status is not 0.
    private func perform(
        _ submission: TaskSubmission, _ node: Node, isAlone: Bool, _ progress: SubmitProgress? = nil
    ) async throws(CommandFailure) -> (line: String?, failure: CommandFailure?) {
        let receipt: TaskReceipt
        progress?.count { $0.asked += 1 }
        do {
            receipt = try await node.submit(submission, within: self.timeout.duration)
        } catch {
            // What was cut off may have been accepted.
            if !Task.isCancelled { progress?.count { $0.asked -= 1 } }
            throw CommandFailure(joining: error)
        }
        progress?.count {
            $0.asked -= 1
            $0.accepted += 1
            if self.wait { $0.awaited += 1 } else { $0.done += 1 }
        }
        guard self.wait else {
            let line: Value = ["id": .string(receipt.id), "state": .string(receipt.state.rawValue)]
            return (self.json ? line.json() : receipt.id, nil)
        }
        defer { progress?.count { $0.awaited -= 1 } }
        do {
            let outcome = try await receipt.outcome(within: self.timeout.duration)
            // A task that ended otherwise is counted as failed by whoever takes the line.
            if case .completed = outcome { progress?.count { $0.done += 1 } }
            return self.report(receipt.id, outcome, isAlone: isAlone)
        } catch let failure as TaskPlaneFailure where failure.code == .timedOut {
            throw CommandFailure(
                .timedOut,
                "task \(receipt.id) was accepted and has not ended within \(self.timeout.duration.brief); ask again with the same --id, "
                    + "or see with weft status whether there are workers for it")
        } catch {
            if isAlone, Task.isCancelled {
                BoundedWriter.error.line("weft submit: interrupted; task \(receipt.id) was accepted and goes on")
            }
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
