// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// The command `weft dead ls`.
struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Lists dead letters, the newest first.",
        discussion: """
            Example:
              weft dead ls --since 1h --join tcp://127.0.0.1:7400
              weft dead ls --queue default --limit 0 --json --join tcp://127.0.0.1:7400
            """)

    @OptionGroup var listing: TaskListing
    @OptionGroup var mesh: MeshOptions

    func run() async throws {
        try await TaskAsking.run("dead", self.mesh, endsWithReader: true) { asking in
            try await self.listing.print(states: [.dead], asking, nothing: "there are no dead letters")
        }
    }
}
