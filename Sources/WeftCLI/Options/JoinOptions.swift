// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftProtocol

/// How a command becomes a node of a mesh, with a name of its own.
struct JoinOptions: ParsableArguments {
    @Option(help: "The stable name of this node. (WEFT_NAME)")
    var name: String?

    @OptionGroup var mesh: MeshOptions

    var log: LogOptions { self.mesh.log }

    /// Makes the configuration of a node; see ``MeshOptions/configuration(_:name:roles:isAlone:logger:)``.
    func configuration(
        _ command: String, roles: Set<NodeRole> = [.peer], isAlone: Bool = false, logger: Logger
    ) throws(CommandFailure) -> Node.Configuration {
        try self.mesh.configuration(command, name: self.name, roles: roles, isAlone: isAlone, logger: logger)
    }
}
