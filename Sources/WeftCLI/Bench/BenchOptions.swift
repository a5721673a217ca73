// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What every measurement can be told.
struct BenchOptions: ParsableArguments {
    @Option(help: "How long each row is measured, in seconds (0.1 to 600).")
    var duration: Double = 2

    @Flag(inversion: .prefixedNo, help: "Whether to measure the baseline in the same run.")
    var baseline = true

    @Flag(help: "Also print the whole distribution of the times.")
    var percentiles = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard self.duration >= 0.1, self.duration <= 600 else {
            throw ValidationError("--duration takes 0.1 to 600 seconds")
        }
    }

    /// Makes a signal end the measurement, whose other processes end with it.
    func watch() {
        Signals.shared.onStop { Process.exit(130) }
    }

    /// Prints what was measured.
    func show(_ report: BenchReport) {
        BoundedWriter.output.line(
            self.json ? report.json : report.table + (self.percentiles ? report.distribution : ""))
    }
}
