// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// The command `weft emit`.
struct EmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit",
        abstract: "Emits events, and says how many peers have them.",
        discussion: """
            Each argument is JSON; a string needs quotes that the shell leaves alone. With - as the name, events are read \
            from standard input, one a line: NAME JSON …, or an object with name and arguments. A bad line is reported by \
            its number, the rest goes on, and the exit status is 65.

            Examples:
              weft emit order:created '"o-1"' '{"total":42}' --join tcp://127.0.0.1:7400
              seq 1000 | sed 's/^/tick /' | weft emit - --join tcp://127.0.0.1:7400
            """)

    @Argument(help: "The event's name, or - to read events from standard input.")
    var name: String

    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("The event's arguments.", valueName: "JSON"))
    var arguments: [String] = []

    @Option(help: "Fail unless so many peers confirm.")
    var expect: Int?

    @Flag(help: "Print one JSON object that says who confirmed.")
    var json = false

    @OptionGroup var join: JoinOptions

    func validate() throws {
        if let expect, expect < 0 { throw ValidationError("--expect takes a number from 0.") }
    }

    func run() async throws {
        let logger = try self.join.log.logger("weft.emit", default: .warning)
        var configuration = try self.join.configuration("emit", logger: logger)
        let isBulk = self.name == "-"
        guard !isBulk || self.arguments.isEmpty else {
            throw CommandFailure(.usage, "with - all events come from standard input; unexpected: \(self.arguments[0])")
        }
        // Whoever pipes a file in wants it to arrive whole, however slow a peer is.
        configuration.waitForSlowest = isBulk
        // Looked at before joining: what can't be emitted needs no mesh.
        let single = isBulk ? nil : try self.single()
        try await CommandRun.interruptible { [configuration] in
            try await Node.joined(configuration) { node in
                let emitter = EventEmitter(bus: configuration.bus)
                if let single {
                    try await emitter.emit(single)
                } else {
                    try await emitter.emitLines(InputLines())
                }
                try self.finish(await node.flush(), emitter)
            }
        }
    }

    private func single() throws(CommandFailure) -> EmittedEvent {
        do {
            let event = try EmittedEvent(name: self.name, words: self.arguments)
            _ = try EventName(validating: event.name)
            return event
        } catch {
            throw CommandFailure(.badInput, "\(error)")
        }
    }

    private func finish(_ report: FlushReport, _ emitter: EventEmitter) throws(CommandFailure) {
        let (emitted, refused) = (emitter.emitted, emitter.refused)
        // Whoever has missed some of the events has not confirmed them all.
        let confirmed = report.entries.count { $0.outcome == .confirmed && $0.missed == 0 }
        if self.json {
            BoundedWriter.output.line(
                Self.value(report, confirmed: confirmed, emitted: emitted, refused: refused).json())
        } else {
            let events = emitted == 1 ? "1 event" : "\(emitted) events"
            let peers = report.entries.count == 1 ? "1 peer" : "\(report.entries.count) peers"
            BoundedWriter.output.line("\(events) emitted, confirmed by \(confirmed) of \(peers)")
        }
        for entry in report.entries where entry.outcome != .confirmed || entry.missed > 0 {
            let missed = entry.missed > 0 ? ", has missed \(entry.missed) events" : ""
            BoundedWriter.error.line(
                "weft emit: \(Terminal.safe(entry.name)) (\(entry.id)): \(entry.outcome.rawValue)\(missed)")
        }
        if refused > 0 {
            let lines = refused == 1 ? "1 line was" : "\(refused) lines were"
            throw CommandFailure(.badInput, "\(lines) not emitted")
        }
        if let expect, confirmed < expect {
            throw CommandFailure(
                .failed,
                "\(confirmed) peers confirmed, fewer than the \(expect) expected; see who is there with: weft status"
            )
        }
    }

    private static func value(
        _ report: FlushReport, confirmed: Int, emitted: UInt64, refused: UInt64
    ) -> Value {
        [
            "emitted": Value.int(Int64(clamping: emitted)), "refused": .int(Int64(clamping: refused)),
            "confirmed": .int(Int64(confirmed)),
            "peers": .array(
                report.entries.map {
                    [
                        "id": .string($0.id.description), "name": .string($0.name),
                        "outcome": .string($0.outcome.rawValue), "missed": .int(Int64(clamping: $0.missed)),
                    ]
                }),
        ]
    }
}
