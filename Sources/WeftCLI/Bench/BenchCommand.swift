// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `weft bench`: measures this build on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures this build, beside a baseline in the same run.",
        discussion: """
            Example:
              weft bench mesh --duration 3 --payload 32
            measures how many events a second another process receives, beside raw libzmq.

            Quote ratios and medians of several runs, and use a release build: single figures move with the machine.
            """,
        subcommands: [
            BenchLocal.self, BenchMesh.self, BenchDispatch.self, BenchLatency.self, BenchSSE.self, BenchLedger.self,
            BenchPeer.self,
        ])
}
