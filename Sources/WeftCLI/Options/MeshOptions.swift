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

    @Option(
        help: ArgumentHelp(
            "This node's own key, made by weft keys new; the node has the key's name. (WEFT_KEY)", valueName: "FILE"))
    var keyFile: String?

    @Option(
        help: ArgumentHelp(
            "The directory of the public keys of those who are trusted, and of nobody else. (WEFT_TRUST)",
            valueName: "DIR"))
    var trust: String?

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
        let keys = try self.keys()
        let name = name ?? Variables.text("WEFT_NAME") ?? keys?.name ?? "\(command)-\(Process.id)"
        var configuration = Node.Configuration(name: name, roles: roles, seeds: seeds, bus: EventBus(), logger: logger)
        configuration.bind = bind
        configuration.advertise = self.advertise ?? Variables.text("WEFT_ADVERTISE")
        configuration.isInsecure = self.insecure || Variables.isSet("WEFT_INSECURE")
        configuration.keys = keys
        return configuration
    }

    /// The node's keys; nil when there are to be none.
    private func keys() throws(CommandFailure) -> NodeKeys? {
        let (key, trust) = (self.keyFile ?? Variables.text("WEFT_KEY"), self.trust ?? Variables.text("WEFT_TRUST"))
        switch (key, trust) {
        case (nil, nil): return nil
        case (let key?, let trust?):
            do throws(TrustError) {
                return try NodeKeys(keyFile: key, trustDirectory: trust)
            } catch {
                throw CommandFailure(.configuration, error.message)
            }
        case (_?, nil):
            throw CommandFailure(
                .configuration, "--key-file needs --trust DIR: whom this node is to let in (see weft keys)")
        case (nil, _?):
            throw CommandFailure(.configuration, "--trust needs --key-file FILE: make one with weft keys new NAME")
        }
    }
}
