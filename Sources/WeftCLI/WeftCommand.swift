// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The `weft` command.
@main
struct WeftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weft",
        abstract: "Joins processes into one brokerless event mesh, and deals tasks to them.",
        discussion: """
            Example:
              weft demo
            shows a whole cluster at work on this machine.

            Exit codes: 0 done, 1 failed, 64 usage, 65 bad input data, 69 unreachable, 75 try again, 77 refused (keys), \
            78 configuration, 124 timeout, 130 interrupted.
            """,
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, CoordinatorCommand.self, WorkerCommand.self, PlatformCommand.self, EmitCommand.self,
            ListenCommand.self, SubmitCommand.self, TasksCommand.self, DeadCommand.self, StatusCommand.self,
            DrainCommand.self, KeysCommand.self, BenchCommand.self, LedgerCommand.self, LabNodeCommand.self,
        ])

    /// The names of all commands.
    static var names: [String] { self.configuration.subcommands.compactMap { $0.configuration.commandName } }

    static func main() async {
        await Self.execute()
    }

    /// Not on the main actor, where every suspension would cost a hop.
    @concurrent private static func execute() async {
        Process.holdStandardDescriptors()
        await Signals.shared.install()
        var status = ExitStatus.done.rawValue
        do {
            var command = try Self.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            if !failure.message.isEmpty { BoundedWriter.error.line("weft: \(failure.message)") }
            status = failure.status.rawValue
        } catch {
            // What ArgumentParser throws: help is for standard output, mistakes are for standard error.
            let text = Self.fullMessage(for: error)
            status = Self.exitCode(for: error).rawValue
            let writer = status == ExitStatus.done.rawValue ? BoundedWriter.output : BoundedWriter.error
            if !text.isEmpty { writer.line(text) }
        }
        await BoundedWriter.output.drain()
        if let failure = BoundedWriter.output.failure {
            BoundedWriter.error.line("weft: standard output could not be written: \(failure)")
            if status == ExitStatus.done.rawValue { status = ExitStatus.failed.rawValue }
        }
        await BoundedWriter.error.drain()
        Process.exit(status)
    }
}
