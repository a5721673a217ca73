// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Weft
import WeftBus
import WeftValue

/// Turns events into lines.
struct EventPrinter: Sendable {
    /// One JSON object a line, instead of a line for people.
    let isJSON: Bool
    let isColoured: Bool

    /// A line for an event, without its end.
    func line(_ record: EventRecord) -> String {
        self.isJSON ? self.json(record) : self.text(record)
    }

    private func json(_ record: EventRecord) -> String {
        var line = "{\"name\":"
        line += Value.string(record.name.rawValue).json()
        line += ",\"arguments\":"
        line += Self.arguments(record).map { Value.array($0).json() } ?? "null"
        line += ",\"origin\":\"\(record.origin)\",\"sequence\":"
        line += record.sequence.map(String.init) ?? "null"
        line += ",\"time\":\""
        line += record.time.rfc3339Microseconds
        line += "\"}"
        return line
    }

    private func text(_ record: EventRecord) -> String {
        if record.name == .gap, let gap = self.gapText(record) { return gap }
        let time = record.time.rfc3339Microseconds.dropFirst(11).dropLast()
        let arguments = Self.arguments(record)?.map { $0.json() }.joined(separator: " ") ?? "(not decodable)"
        let source = "\(String(record.origin.description.prefix(8)))#\(record.sequence.map(String.init) ?? "-")"
        let name = Terminal.safe(record.name.rawValue)
        guard self.isColoured else { return "\(time)  \(source)  \(name)  \(Terminal.safe(arguments, limit: 4000))" }
        return
            "\u{1B}[2m\(time)  \(source)\u{1B}[0m  \u{1B}[1m\(name)\u{1B}[0m  \(Terminal.safe(arguments, limit: 4000))"
    }

    private func gapText(_ record: EventRecord) -> String? {
        guard let (origin, first, last) = try? record.decode(as: .gap) else { return nil }
        let count = last >= first ? (last - first).addingReportingOverflow(1).partialValue : 0
        let time = record.time.rfc3339Microseconds.dropFirst(11).dropLast()
        let line =
            "\(time)  \(Terminal.safe(String(origin.prefix(8))))#\(first)…\(last)  weft:gap  "
            + "\(count) events were missed and will not come"
        return self.isColoured ? "\u{1B}[33m\(line)\u{1B}[0m" : line
    }

    /// What can't be decoded is announced by the bus as an event of its own.
    private static func arguments(_ record: EventRecord) -> [Value]? { try? record.values() }
}
