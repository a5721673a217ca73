// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `weft keys`: who a node is, and who is trusted.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes and shows the keys with which nodes know each other.",
        discussion: """
            Each node has a key of its own, NAME.key, which never leaves its machine; NAME.pub goes into the trust directory of \
            every node that is to let it in.

            Example:
              weft keys new coordinator-1 --role coordinator
              weft keys new alice --role operator
              mkdir trust && cp *.pub trust/
              weft coordinator --key-file coordinator-1.key --trust trust
            """,
        subcommands: [KeysNewCommand.self, KeysShowCommand.self])
}
