// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftBus
import WeftProtocol

/// How a command reaches a mesh; flags win over the `WEFT_…` variables.
struct MeshOptions: ParsableArguments {
    /// Where a coordinator on this machine is looked for when nothing else is said.
    static let defaultEndpoint = "tcp://127.0.0.1:7400"

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A member to join, as tcp://HOST:PORT; may be given several times; \(Self.defaultEndpoint) if nothing is said. (WEFT_JOIN)",
            valueName: "E"))
    var join: [String] = []

    @Option(help: ArgumentHelp("Where to bind: this port and the three after it. (WEFT_BIND)", valueName: "E"))
    var bind: String?

    @Option(
        help: ArgumentHelp(
            "What others should dial, when it is not the host in --bind. (WEFT_ADVERTISE)", valueName: "HOST"))
    var advertise: String?

    @Flag(help: "Allow links without keys beyond this machine, which anyone can read and join. (WEFT_INSECURE=1)")
    var insecure = false

    @OptionGroup var log: LogOptions

    /// The members to join: the flags, or else the variable.
    var seeds: [String] { self.join.isEmpty ? Variables.list("WEFT_JOIN") : self.join }

    /// Makes the configuration of a node.
    ///
    /// - Parameters:
    ///   - command: The command, which names the node when nothing else does.
    ///   - name: The node's name; nil to go by the variable, or else by the command.
    ///   - roles: What the node does.
    ///   - isAlone: Whether the command makes sense without anybody to join; others join the default endpoint when
    ///     neither a member nor an address is given.
    func configuration(
        _ command: String, name: String? = nil, roles: Set<NodeRole> = [.peer], isAlone: Bool = false, logger: Logger
    ) throws(CommandFailure) -> Node.Configuration {
        var seeds = self.seeds
        let bind = self.bind ?? Variables.text("WEFT_BIND")
        if seeds.isEmpty, bind == nil, !isAlone { seeds = [Self.defaultEndpoint] }
        let name = name ?? Variables.text("WEFT_NAME") ?? "\(command)-\(Process.id)"
        var configuration = Node.Configuration(name: name, roles: roles, seeds: seeds, bus: EventBus(), logger: logger)
        configuration.bind = bind
        configuration.advertise = self.advertise ?? Variables.text("WEFT_ADVERTISE")
        configuration.isInsecure = self.insecure || Variables.isSet("WEFT_INSECURE")
        return configuration
    }
}
