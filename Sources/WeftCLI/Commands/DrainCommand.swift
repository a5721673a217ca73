// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// The command `weft drain`.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Asks a node to finish what it runs and leave.",
        discussion: """
            The node does what it does at SIGTERM: a worker takes nothing more, lets its tasks end until its drain deadline, \
            and leaves; a coordinator takes no more tasks and leaves when what workers hold has ended. NODE is a name, or \
            the beginning of an id as weft status shows it. Ends with 64 when several nodes could be meant, with 69 when \
            none is, and with --wait with 124 when the node is still there after --timeout.

            Example:
              weft drain worker-1 --join tcp://127.0.0.1:7400
              weft drain 3f2a --wait --timeout 2m
            """)

    @Argument(help: ArgumentHelp("The node: its name, or the beginning of its id.", valueName: "NODE"))
    var node: String

    @Flag(help: "Wait until the node has left.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait for that.", valueName: "TIME"))
    var timeout = DurationArgument(.seconds(60))

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var join: JoinOptions

    func run() async throws {
        let logger = try self.join.log.logger("weft.drain", default: .warning)
        let configuration = try self.join.configuration("drain", logger: logger)
        try await CommandRun.interruptible {
            try await Node.joined(configuration) { node in
                let member: MemberStatus
                do throws(NodeError) {
                    member = try await node.member(named: self.node)
                    try await node.drain(member.record.id)
                } catch {
                    throw CommandFailure(
                        error.code == .ambiguous ? .usage : CommandFailure(joining: error).status, error.message)
                }
                var hasLeft = false
                if self.wait {
                    hasLeft = await node.waitUntilGone(member.record.id, within: self.timeout.duration)
                }
                self.show(member, hasLeft: hasLeft)
                if self.wait, !hasLeft {
                    throw CommandFailure(
                        .timedOut, "\(member.record.name) is still there; its tasks may need longer (--timeout)")
                }
            }
        }
    }

    private func show(_ member: MemberStatus, hasLeft: Bool) {
        let id = member.record.id.description
        guard !self.json else {
            let answer: Value = ["id": .string(id), "name": .string(member.record.name), "left": .bool(hasLeft)]
            BoundedWriter.output.line(answer.json())
            return
        }
        let name = "\(Terminal.safe(member.record.name)) (\(id.prefix(8)))"
        BoundedWriter.output.line(hasLeft ? "\(name) has left" : "\(name) finishes what it runs and leaves")
    }
}
