// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// The command `weft dead show`.
struct DeadShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything that is known of dead letters, with every attempt's error.",
        discussion: """
            Example:
              weft dead show t-4 --join tcp://127.0.0.1:7400
              weft dead show t-4 --json --join tcp://127.0.0.1:7400
            """)

    @OptionGroup var showing: TaskShowing
    @OptionGroup var mesh: MeshOptions

    func run() async throws {
        try await TaskAsking.run("dead", self.mesh, endsWithReader: true) { asking in
            try await self.showing.print(asking, states: [.dead])
        }
    }
}
