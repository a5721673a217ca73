// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// The command `weft dead requeue`.
struct DeadRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Lets dead letters run again: same id, limits counted anew, history kept.",
        discussion: """
            Asks nothing, and prints what it did.

            Example:
              weft dead requeue t-4 --join tcp://127.0.0.1:7400
              weft dead requeue --all --since 1h --join tcp://127.0.0.1:7400
            """)

    @OptionGroup var selection: DeadSelection
    @OptionGroup var mesh: MeshOptions

    func run() async throws {
        try await TaskAsking.run("dead", self.mesh) { asking in
            try await self.selection.perform(asking, verb: "requeued") { try await asking.node.requeue($0) }
        }
    }
}
