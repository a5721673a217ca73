// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftBus
import WeftProtocol

/// The command `weft listen`.
struct ListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Prints events as they come.",
        discussion: """
            PATTERN is a name (order:created), a namespace (order:*) or everything (*). With --json each event is one \
            object a line: name, arguments, origin, sequence, time. Events that were missed and can't be repaired are \
            printed as weft:gap. When standard output is no longer read, events are dropped and counted; the mesh is \
            never held up.

            Example:
              weft listen 'order:*' --json --join tcp://127.0.0.1:7400
            """)

    @Argument(help: "Which events to print.")
    var pattern = "*"

    @Option(help: "End after so many events.")
    var count: UInt64?

    @Option(
        help: ArgumentHelp(
            "End after so long, joining included; with status 124 unless --count was reached.",
            valueName: "DURATION"))
    var timeout: DurationArgument?

    @Flag(help: "Also print the newest events from before this command joined.")
    var history = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @OptionGroup var join: JoinOptions

    func validate() throws {
        if let timeout = self.timeout, timeout.duration <= .zero {
            throw ValidationError("--timeout takes a duration above 0, \(DurationArgument.forms).")
        }
        if self.count == 0 { throw ValidationError("--count takes a number above 0.") }
    }

    func run() async throws {
        let logger = try self.join.log.logger("weft.listen", default: .warning)
        var configuration = try self.join.configuration("listen", logger: logger)
        // Whoever has little time does not want to wait long for a mesh that is not there.
        if let timeout = self.timeout?.duration {
            configuration.joinTimeout = min(configuration.joinTimeout ?? timeout, max(timeout, .seconds(2)))
        }
        let pattern: EventPattern
        do {
            pattern = try EventPattern(validating: self.pattern)
        } catch {
            throw CommandFailure(.usage, error.message)
        }
        let listener = EventListener(
            printer: EventPrinter(isJSON: self.json, isColoured: !self.json && Terminal.isColoured(1)),
            limit: self.count)
        try await CommandRun.interruptible(endsWithReader: true) { [configuration] in
            do {
                try await self.listen(configuration, pattern, listener)
            } catch {
                listener.sayDropped()
                throw error
            }
            listener.sayDropped()
        }
    }

    private func listen(
        _ configuration: Node.Configuration, _ pattern: EventPattern, _ listener: EventListener
    ) async throws {
        // Registered before joining, so that nothing is missed between the two.
        let began = ContinuousClock.now
        let bus = configuration.bus
        // What Weft itself says, such as that events were missed, each node says to itself: whoever asks for that has it from here.
        let isOfWeft = self.pattern.hasPrefix("weft:")
        bus.on(matching: pattern, from: isOfWeft ? .all : .remote, replay: self.history) { listener.print($0) }
        if !pattern.matches(.gap) { bus.on(matching: EventPattern(.gap)) { listener.printGap($0) } }
        try await Node.joined(configuration) { node in
            let peers = await node.members().count { $0.isJoined && $0.state != .local }
            BoundedWriter.error.line(
                "weft listen: ready, listening for \(self.pattern), \(peers) \(peers == 1 ? "peer" : "peers")")
            // What joining took is part of the time.
            let hasReached = await listener.end(
                within: self.timeout.map { max(.zero, $0.duration - (.now - began)) })
            try Task.checkCancellation()
            guard hasReached else {
                throw CommandFailure(
                    .timedOut, self.count.map { "only \(listener.printed) of \($0) events came in time" } ?? "")
            }
        }
    }
}
