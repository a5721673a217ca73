// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol

/// The command `weft tasks cancel`.
struct TasksCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels tasks: waiting ones at once, running ones as soon as their handler has stopped.",
        discussion: """
            Example:
              weft submit x --id t-2 --not-before 1h --join tcp://127.0.0.1:7400
              weft tasks cancel t-2 --reason 'too late' --join tcp://127.0.0.1:7400
            """)

    @Argument(help: ArgumentHelp("The tasks.", valueName: "ID"))
    var ids: [String]

    @Option(help: "Why, for the handler and the record.")
    var reason = "Somebody asked for it with weft tasks cancel."

    @Flag(help: "Print one JSON object for each task.")
    var json = false

    @OptionGroup var mesh: MeshOptions

    func run() async throws {
        try await TaskAsking.run("tasks", self.mesh) { asking in
            let (ids, complaints) = try await asking.resolve(self.ids)
            let reports = try await asking.node.cancelTasks(ids, reason: self.reason)
            try TaskAsking.print(
                reports, complaints: complaints,
                verb: { $0.state == .cancelled ? "cancelled" : "asked its worker to stop:" }, isJSON: self.json)
        }
    }
}
