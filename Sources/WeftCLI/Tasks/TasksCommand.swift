// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol

/// The commands `weft tasks …`.
struct TasksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "Shows tasks, cancels them, and lets them run again.",
        discussion: """
            Asks the coordinator through any member of the mesh. An id may be shortened to a beginning of at least 4 \
            characters that no other task shares.

            Example:
              weft tasks ls --state running --join tcp://127.0.0.1:7400
            """,
        subcommands: [TasksListCommand.self, TasksShowCommand.self, TasksCancelCommand.self, TasksRetryCommand.self],
        defaultSubcommand: TasksListCommand.self)
}
