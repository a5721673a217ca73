// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// Which dead letters a command does something to.
struct DeadSelection: ParsableArguments {
    @Argument(help: ArgumentHelp("The dead letters.", valueName: "ID"))
    var ids: [String] = []

    @Flag(help: "All dead letters that match the filters, or all there are.")
    var all = false

    @OptionGroup var filter: TaskFilterOptions

    @Flag(help: "Print one JSON object for each dead letter.")
    var json = false

    func validate() throws {
        if self.all, !self.ids.isEmpty { throw ValidationError("--all is instead of ids, not beside them.") }
        if !self.all, self.ids.isEmpty { throw ValidationError("Say which: by their ids, or --all.") }
        if !self.all, !self.filter.isEmpty { throw ValidationError("Filters go with --all.") }
    }

    /// Does something to all that are meant, and prints what it did.
    ///
    /// - Parameter verb: What is done: `requeued`.
    func perform(
        _ asking: TaskAsking, verb: String, _ act: ([String]) async throws -> [TaskActionReport]
    ) async throws {
        var ids: [String] = []
        var complaints: [String] = []
        if self.all {
            // All of them are found before anything is done: what runs again may soon be dead again.
            let filter = try await self.filter.filter(states: [.dead], asking.node)
            _ = try await asking.each(filter, self.filter, limit: nil) { ids += $0.map(\.record.task.id) }
        } else {
            (ids, complaints) = try await asking.resolve(self.ids, in: [.dead])
        }
        var done = 0
        var hasFailed = !complaints.isEmpty
        for complaint in complaints { BoundedWriter.error.line("weft: \(complaint)") }
        var rest = ids[...]
        while !rest.isEmpty {
            try Task.checkCancellation()
            let batch = Array(rest.prefix(500))
            rest = rest.dropFirst(batch.count)
            let reports = try await act(batch)
            done += reports.count { $0.refusal == nil }
            do {
                try TaskAsking.print(reports, verb: { _ in verb }, isJSON: self.json)
            } catch {
                hasFailed = true
            }
            await BoundedWriter.output.drain()
        }
        if self.all { BoundedWriter.error.line("weft: \(done) of \(ids.count) dead letters \(verb)") }
        if hasFailed { throw CommandFailure(.failed) }
    }
}
