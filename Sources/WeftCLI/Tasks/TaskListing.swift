// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Weft
import WeftProtocol

/// How a list is printed.
struct TaskListing: ParsableArguments {
    @OptionGroup var filter: TaskFilterOptions

    @Option(help: ArgumentHelp("At most so many tasks, the newest first; 0 for all.", valueName: "N"))
    var limit = 50

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        if self.limit < 0 { throw ValidationError("--limit takes a number from 0.") }
    }

    /// Prints the tasks.
    ///
    /// - Parameters:
    ///   - states: The states that are wanted.
    ///   - nothing: What to say to a person when there are none.
    func print(states: Set<TaskState>, _ asking: TaskAsking, nothing: String) async throws {
        let filter = try await self.filter.filter(states: states, asking.node)
        var listed: [TaskView] = []
        let hasMore = try await asking.each(filter, self.filter, limit: self.limit == 0 ? nil : self.limit) { views in
            guard self.json else {
                listed += views
                return
            }
            for view in views { BoundedWriter.output.line(view.value.json()) }
            // A long list goes no faster than its reader.
            await BoundedWriter.output.drain()
        }
        if !self.json {
            if listed.isEmpty {
                BoundedWriter.error.line("weft: \(nothing)\(self.filter.isEmpty ? "" : " that match")")
            } else {
                for line in TaskView.table(of: listed).lines(fitting: Terminal.columns(1)) {
                    BoundedWriter.output.line(line)
                }
            }
        }
        if hasMore { BoundedWriter.error.line("weft: there are more; --limit N shows more of them, --limit 0 all") }
    }
}
