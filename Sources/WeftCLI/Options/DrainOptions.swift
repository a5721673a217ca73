// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeftProtocol

/// How long a process that stops lets running work end.
struct DrainOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long running tasks may take to end after the first signal, \(TaskDefaults.drainDeadline.brief) when nothing is said; what is left then goes back to the queue.",
            valueName: "TIME"))
    var drainDeadline: DurationArgument?
}
