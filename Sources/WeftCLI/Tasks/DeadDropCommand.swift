// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// The command `weft dead drop`.
struct DeadDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Forgets dead letters for good.",
        discussion: """
            Asks nothing, and prints what it did.

            Example:
              weft dead drop t-4 --join tcp://127.0.0.1:7400
              weft dead drop --all --since 1h --join tcp://127.0.0.1:7400
            """)

    @OptionGroup var selection: DeadSelection
    @OptionGroup var mesh: MeshOptions

    func run() async throws {
        try await TaskAsking.run("dead", self.mesh) { asking in
            try await self.selection.perform(asking, verb: "dropped") { try await asking.node.drop($0) }
        }
    }
}
