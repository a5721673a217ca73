// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol

/// The command `weft tasks retry`.
struct TasksRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Lets tasks run again that have not completed, and those that wait for their time run now.",
        discussion: """
            Dead, cancelled and expired tasks are queued again, with their limits counted anew; one that waits for its next \
            attempt, or for its time, becomes due at once.

            Example:
              weft submit y --id t-3 --not-before 1h --join tcp://127.0.0.1:7400
              weft tasks retry t-3 --join tcp://127.0.0.1:7400
            """)

    @Argument(help: ArgumentHelp("The tasks.", valueName: "ID"))
    var ids: [String]

    @Flag(help: "Print one JSON object for each task.")
    var json = false

    @OptionGroup var mesh: MeshOptions

    func run() async throws {
        try await TaskAsking.run("tasks", self.mesh) { asking in
            let (ids, complaints) = try await asking.resolve(self.ids)
            let reports = try await asking.node.retryTasks(ids)
            try TaskAsking.print(reports, complaints: complaints, verb: { _ in "queued again" }, isJSON: self.json)
        }
    }
}
