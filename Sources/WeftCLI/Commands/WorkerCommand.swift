// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Logging
import Weft
import WeftBus
import WeftExec
import WeftProtocol

/// The command `weft worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Runs tasks with any program.",
        discussion: """
            The shell runs CMD once for each task, with the task object as JSON on standard input and WEFT_TASK_ID, \
            WEFT_TASK_ATTEMPT, WEFT_TASK_DEADLINE, WEFT_AGENT_ID and TRACEPARENT in its environment. Exit 0: standard \
            output is the result. Any other exit: the task failed, and the end of standard error is the message. Exit 65: \
            do not retry; exit 75: try again later. Each line written to descriptor 3 is progress, as JSON or text. A task \
            that is cancelled or runs into its time limit gets SIGTERM, and SIGKILL after --kill-after. The first SIGTERM or \
            Ctrl-C lets running tasks end; a second one aborts.

            Example:
              weft worker --exec ./handler.sh --slots 4 --join tcp://127.0.0.1:7400
            """)

    @Option(help: ArgumentHelp("The command that runs a task.", valueName: "CMD"))
    var exec: String

    @Option(
        help: ArgumentHelp(
            "What standard output is: text, or json for an object with result, status, tokens and used_tools.",
            valueName: "text|json"))
    var result = ResultFormat.text

    @Option(help: ArgumentHelp("How many tasks run at once; 6 when nothing is said. (WEFT_SLOTS)", valueName: "N"))
    var slots: Int?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "An agent whose tasks are taken; may be given several times; any agent without it.", valueName: "ID"))
    var agent: [String] = []

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A queue whose tasks are taken; may be given several times; all queues without it. (WEFT_QUEUES)",
            valueName: "NAME"))
    var queue: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long a program that was told to stop may go on before it is killed.", valueName: "TIME"))
    var killAfter = DurationArgument(ExecConfiguration.defaultGrace)

    @Option(
        help: ArgumentHelp(
            "How long programs go on when the coordinator is gone; after that others may run their tasks.",
            valueName: "TIME"))
    var coordinatorGrace = DurationArgument(TaskDefaults.coordinatorGrace)

    @OptionGroup var drain: DrainOptions
    @OptionGroup var join: JoinOptions
    @OptionGroup var lifetime: LifetimeOptions

    /// The names that `--result` takes.
    enum ResultFormat: String, ExpressibleByArgument, CaseIterable {
        case text
        case json

        var format: ExecResultFormat {
            switch self {
            case .text: .text
            case .json: .json
            }
        }
    }

    private func settings(slots: Int) throws(CommandFailure) -> WorkerConfiguration {
        let queues = self.queue.isEmpty ? Variables.list("WEFT_QUEUES") : self.queue
        guard queues.allSatisfy({ (1...TaskDefaults.maximumNameBytes).contains($0.utf8.count) }) else {
            throw CommandFailure(.usage, "--queue takes a name of 1 to \(TaskDefaults.maximumNameBytes) bytes")
        }
        var settings = WorkerConfiguration(slots: slots, queues: queues)
        if let deadline = self.drain.drainDeadline { settings.drainDeadline = deadline.duration }
        settings.coordinatorGrace = self.coordinatorGrace.duration
        // Programs are killed in time; this is for what even that does not end.
        settings.stopGrace = self.killAfter.duration + .seconds(5)
        return settings
    }

    func run() async throws {
        let logger = try self.join.log.logger("weft.worker", default: .notice)
        let variable = try Variables.value("WEFT_SLOTS", as: { Int($0) })
        let slots = self.slots ?? variable ?? TaskDefaults.slots
        guard (1...TaskDefaults.maximumSlots).contains(slots) else {
            throw CommandFailure(.usage, "--slots takes a number from 1 to \(TaskDefaults.maximumSlots)")
        }
        var configuration = try self.join.configuration("worker", logger: logger)
        configuration.joinTimeout = nil
        var environment = ProcessInfo.processInfo.environment
        environment["WEFT_NAME"] = configuration.name
        var exec = ExecConfiguration(command: self.exec, resultFormat: self.result.format, agentIDs: self.agent)
        exec.grace = self.killAfter.duration
        let runner = ExecRunner(exec, environment: environment)
        let settings = try self.settings(slots: slots)
        do {
            try await runner.check()
        } catch {
            throw CommandFailure(.configuration, "--exec: \(error.message)")
        }
        Signals.shared.onAbort { runner.killAll() }
        self.lifetime.watch()
        try await CommandRun.joining { [configuration] in
            try await Node.joined(configuration) { node in
                let worker = try Worker(node: node, runner: runner, configuration: settings)
                try await CommandRun.services([worker], logger: logger, drain: { await worker.drainStatus }) {
                    let agents = self.agent.isEmpty ? "any agent" : "agents \(self.agent.joined(separator: ", "))"
                    BoundedWriter.error.line(
                        "weft worker: ready, \(slots) slots for tasks of \(agents)\n  node \(node.id) \"\(node.configuration.name)\""
                    )
                }
            }
        }
    }
}
