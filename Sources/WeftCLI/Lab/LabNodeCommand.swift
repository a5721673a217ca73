// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftProtocol

/// `weft lab-node`: a node of `cluster/lab`, which starts it itself.
struct LabNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab-node",
        abstract: "A node of cluster/lab: emits at a rate, checks what it hears, says how things are once a second.",
        discussion: """
            On standard input `rate N` sets how many events it emits a second, and `until N` after how many it ends to; every line, and every second, is answered with \
            one JSON object. It ends with standard input.

            Example:
              echo 'rate 100' | weft lab-node --bind tcp://127.0.0.1:7400
            """,
        shouldDisplay: false)

    @Option(help: "Bytes of each event.")
    var payload = 64

    @Option(help: "How much of its own stream the node holds, in bytes.")
    var window = MeshDefaults.replayWindow

    @Option(help: "How much of the others' streams the node holds, in bytes.")
    var othersWindows = MeshDefaults.receivedWindows

    @OptionGroup var join: JoinOptions

    func validate() throws {
        guard (8...1_000_000).contains(self.payload) else {
            throw ValidationError("--payload takes 8 to 1000000 bytes")
        }
        guard self.window >= 0, self.othersWindows >= 0 else {
            throw ValidationError("--window and --others-windows take 0 and more bytes")
        }
    }

    func run() async throws {
        let logger = try self.join.log.logger("weft.lab", default: .info)
        var configuration = try self.join.configuration("lab-node", isAlone: true, logger: logger)
        configuration.joinTimeout = nil
        configuration.replayWindow = self.window
        configuration.receivedWindows = self.othersWindows
        try await CommandRun.interruptible { [configuration, payload] in
            // Listens before it joins, so that nothing is missed between the two.
            let lab = LabNode(bus: configuration.bus, payload: payload)
            try await Node.joined(configuration) { node in await Self.run(lab, node) }
        }
    }

    private static func run(_ lab: LabNode, _ node: Node) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await lab.emit() }
            group.addTask {
                while !Task.isCancelled {
                    await Self.say(lab, node)
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            for await batch in InputLines() {
                for line in batch { lab.command(String(decoding: line.bytes ?? [], as: UTF8.self)) }
                await Self.say(lab, node)
            }
            group.cancelAll()
        }
        await Self.say(lab, node)
        await BoundedWriter.output.drain()
    }

    private static func say(_ lab: LabNode, _ node: Node) async {
        BoundedWriter.output.line(await lab.status(of: node).json())
    }
}
