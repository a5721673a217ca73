// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol

/// Within which limits a task runs; each has a default of the coordinator's, which `weft coordinator --config` sets.
struct TaskLimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Tasks of one queue with the same key; the coordinator can bound how many of them run at once.",
            valueName: "KEY"))
    var key: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A task that must have completed first; may be given several times.", valueName: "ID"))
    var after: [String] = []

    @Option(
        help: ArgumentHelp(
            "When it may begin: a date and time (RFC 3339), or so long from now, as 10m.", valueName: "TIME"))
    var notBefore: TimeArgument?

    @Option(
        help: ArgumentHelp(
            "How long it may wait for its first attempt to begin, from when it may; then it expires.",
            valueName: "DURATION"))
    var waitLimit: DurationArgument?

    @Option(help: ArgumentHelp("How long one attempt may run, \(DurationArgument.forms).", valueName: "DURATION"))
    var timeLimit: DurationArgument?

    @Option(
        help: ArgumentHelp("How long it may take in all, from its acceptance; then it expires.", valueName: "DURATION"))
    var totalLimit: DurationArgument?

    @Option(help: ArgumentHelp("How often the handler may fail before the task is given up.", valueName: "N"))
    var attempts: Int?

    @Option(
        help: ArgumentHelp(
            "How many workers may be lost while they run it before the task is given up.", valueName: "N"))
    var workerLosses: Int?

    @Option(help: ArgumentHelp("Tasks of a higher priority are dealt first.", valueName: "N"))
    var priority = 0

    func validate() throws {
        for (name, limit) in [
            ("--wait-limit", self.waitLimit), ("--time-limit", self.timeLimit), ("--total-limit", self.totalLimit),
        ] where limit.map({ $0.duration <= .zero }) ?? false {
            throw ValidationError("\(name) takes a duration above 0, \(DurationArgument.forms).")
        }
        for (name, number) in [("--attempts", self.attempts), ("--worker-losses", self.workerLosses)] {
            if let number, !(1...1_000_000).contains(number) {
                throw ValidationError("\(name) takes a number from 1 to 1000000.")
            }
        }
        if self.key?.isEmpty ?? false { throw ValidationError("--key takes a text that is not empty.") }
        if self.after.contains(where: \.isEmpty) { throw ValidationError("--after takes the id of a task.") }
    }

    /// Sets what the flags say.
    func apply(to submission: inout TaskSubmission) {
        submission.key = self.key
        submission.after = self.after
        submission.notBefore = self.notBefore?.date(from: Date())
        submission.waitLimit = self.waitLimit?.duration
        submission.timeLimit = self.timeLimit?.duration
        submission.totalLimit = self.totalLimit?.duration
        submission.attempts = self.attempts
        submission.workerLosses = self.workerLosses
        submission.priority = self.priority
    }
}
