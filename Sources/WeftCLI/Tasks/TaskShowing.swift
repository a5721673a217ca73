// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol

/// How tasks are shown whole.
struct TaskShowing: ParsableArguments {
    @Argument(help: ArgumentHelp("The tasks.", valueName: "ID"))
    var ids: [String]

    @Flag(help: "Print payload and result whole, however large.")
    var full = false

    @Flag(help: "Print one JSON object for each task.")
    var json = false

    /// Prints the tasks.
    ///
    /// - Parameter states: Only tasks in these states are meant.
    func print(_ asking: TaskAsking, states: Set<TaskState>) async throws {
        let (ids, complaints) = try await asking.resolve(self.ids, in: states)
        let names = await asking.workerNames()
        var isFirst = true
        var missed = complaints
        for id in ids {
            let record = try await asking.node.task(id)
            guard states.contains(record.status.state) else {
                missed.append(
                    "\(Terminal.safe(id)) is no dead letter: it is \(record.status.state.rawValue); see weft tasks show"
                )
                continue
            }
            let view = TaskView(record: record, names: names, now: Date())
            if self.json {
                BoundedWriter.output.line(view.value.json())
            } else {
                if !isFirst { BoundedWriter.output.line("") }
                for line in view.lines(isFull: self.full, fitting: Terminal.columns(1)) {
                    BoundedWriter.output.line(line)
                }
            }
            isFirst = false
        }
        for complaint in missed { BoundedWriter.error.line("weft: \(complaint)") }
        if !missed.isEmpty { throw CommandFailure(.failed) }
    }
}
