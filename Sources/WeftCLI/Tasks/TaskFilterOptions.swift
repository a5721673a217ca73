// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftBus
import WeftProtocol

/// Which tasks a command is about.
struct TaskFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only tasks of this queue.", valueName: "NAME"))
    var queue: String?

    @Option(help: ArgumentHelp("Only tasks for this agent.", valueName: "ID"))
    var agent: String?

    @Option(help: ArgumentHelp("Only typed tasks of this name.", valueName: "NAME"))
    var name: String?

    @Option(help: ArgumentHelp("Only tasks with this key.", valueName: "KEY"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Only tasks that this worker holds or ended: its name, or the beginning of its id.", valueName: "NODE"))
    var worker: String?

    @Option(
        help: ArgumentHelp(
            "Only tasks accepted since then: a date and time (RFC 3339), or so long ago, as 10m.", valueName: "TIME"))
    var since: TimeArgument?

    /// Whether anything narrows the tasks.
    var isEmpty: Bool {
        self.queue == nil && self.agent == nil && self.name == nil && self.key == nil && self.worker == nil
            && self.since == nil
    }

    /// The filter as the coordinator takes it.
    ///
    /// - Parameters:
    ///   - states: The states that are wanted.
    ///   - node: The node that asks, which knows its mesh.
    func filter(states: Set<TaskState>, _ node: Node) async throws(CommandFailure) -> TaskFilter {
        var filter = TaskFilter(states: states)
        filter.queue = self.queue
        filter.agentID = self.agent
        filter.name = self.name
        filter.key = self.key
        filter.acceptedAfter = self.since?.date(before: Date())
        return filter
    }
}
