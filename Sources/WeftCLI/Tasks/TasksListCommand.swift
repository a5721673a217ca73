// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol

/// The command `weft tasks ls`.
struct TasksListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Lists tasks, the newest first.",
        discussion: """
            Example:
              weft tasks ls --join tcp://127.0.0.1:7400
              weft tasks ls --state running --since 10m --join tcp://127.0.0.1:7400
              weft tasks ls --state dead --limit 0 --json --join tcp://127.0.0.1:7400
            """)

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Only tasks in this state; may be given several times: \(TaskState.allCases.map(\.rawValue).joined(separator: ", ")), or unfinished.",
            valueName: "STATE"))
    var state: [String] = []

    @OptionGroup var listing: TaskListing
    @OptionGroup var mesh: MeshOptions

    func validate() throws { _ = try self.states() }

    private func states() throws -> Set<TaskState> {
        guard !self.state.isEmpty else { return Set(TaskState.allCases) }
        var states: Set<TaskState> = []
        for name in self.state.flatMap({ $0.split(separator: ",") }).map(String.init) {
            if name == "unfinished" {
                states.formUnion(TaskState.allCases.filter { !$0.isFinal })
            } else if let state = TaskState(rawValue: name) {
                states.insert(state)
            } else {
                throw ValidationError(
                    "'\(Terminal.safe(name))' is no state; there are \(TaskState.allCases.map(\.rawValue).joined(separator: ", ")), and unfinished."
                )
            }
        }
        return states
    }

    func run() async throws {
        let states = try self.states()
        try await TaskAsking.run("tasks", self.mesh, endsWithReader: true) { asking in
            try await self.listing.print(
                states: states, asking,
                nothing: states.count == TaskState.allCases.count
                    ? "there are no tasks" : "there are no tasks in that state")
        }
    }
}
