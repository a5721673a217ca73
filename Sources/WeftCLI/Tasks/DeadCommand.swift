// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Weft
import WeftProtocol
import WeftValue

/// The commands `weft dead …`.
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Shows dead letters, lets them run again, and drops them.",
        discussion: """
            A dead letter is a task that has used up its attempts. It is kept, with every attempt's error, until someone \
            requeues or drops it. An id may be shortened to a beginning of at least 4 \
            characters that no other dead letter shares.

            Example:
              weft dead ls --join tcp://127.0.0.1:7400
            """,
        subcommands: [DeadListCommand.self, DeadShowCommand.self, DeadRequeueCommand.self, DeadDropCommand.self],
        defaultSubcommand: DeadListCommand.self)
}
