// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How long a node lives that another program has started.
struct LifetimeOptions: ParsableArguments {
    /// `weft demo` sets it, so that its nodes end with it even when it is killed.
    @Flag(help: ArgumentHelp("Stop when standard input ends.", visibility: .hidden))
    var exitWithInput = false

    /// Begins to watch standard input, if asked to; its end is taken as a signal to stop.
    func watch() {
        guard self.exitWithInput else { return }
        // Lives as long as the process.
        Task {
            for await _ in InputLines() {}
            Signals.shared.stop()
        }
    }
}
