// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol

/// The command `weft tasks show`.
struct TasksShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything that is known of tasks, with every attempt.",
        discussion: """
            Example:
              weft submit 'count the words' --id t-1 --join tcp://127.0.0.1:7400
              weft tasks show t-1 --join tcp://127.0.0.1:7400
            """)

    @OptionGroup var showing: TaskShowing
    @OptionGroup var mesh: MeshOptions

    func run() async throws {
        try await TaskAsking.run("tasks", self.mesh, endsWithReader: true) { asking in
            try await self.showing.print(asking, states: Set(TaskState.allCases))
        }
    }
}
