// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import WeftValue

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Logs to standard error: one readable line for people, or one JSON object a line for machines.
struct TerminalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let isJSON: Bool
    private let isColoured: Bool

    init(label: String, level: Logger.Level, isJSON: Bool) {
        self.label = label
        self.logLevel = level
        self.isJSON = isJSON
        self.isColoured = !isJSON && Terminal.isColoured(STDERR_FILENO)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = self.metadata
        if let provided = self.metadataProvider?.get() { metadata.merge(provided) { $1 } }
        if let added = event.metadata { metadata.merge(added) { $1 } }
        let time = Date()
        BoundedWriter.error.line(
            self.isJSON
                ? Self.json(event, label: self.label, metadata: metadata, time: time)
                : self.text(event, metadata: metadata, time: time))
    }

    private func text(_ event: LogEvent, metadata: Logger.Metadata, time: Date) -> String {
        // The day is known to whoever looks at a terminal; a log file of several days is better kept as JSON.
        var line = String(time.rfc3339Microseconds.dropFirst(11).prefix(12))
        let level = event.level.rawValue
        line += " " + self.coloured(level, event.level) + String(repeating: " ", count: max(0, 8 - level.count))
        line += Self.oneLine(event.message.description)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += self.isColoured ? " \u{1B}[2m\(key)=\u{1B}[0m" : " \(key)="
            line += Self.quoted(value.description)
        }
        return line
    }

    private func coloured(_ text: String, _ level: Logger.Level) -> String {
        guard self.isColoured else { return text }
        switch level {
        case .trace, .debug: return "\u{1B}[2m\(text)\u{1B}[0m"
        case .info, .notice: return "\u{1B}[36m\(text)\u{1B}[0m"
        case .warning: return "\u{1B}[33m\(text)\u{1B}[0m"
        case .error, .critical: return "\u{1B}[31m\(text)\u{1B}[0m"
        }
    }

    private static func json(_ event: LogEvent, label: String, metadata: Logger.Metadata, time: Date) -> String {
        var fields: [String: Value] = [
            "time": .date(time), "level": .string(event.level.rawValue), "logger": .string(label),
            "message": .string(event.message.description),
        ]
        for (key, value) in metadata where fields[key] == nil { fields[key] = .string(value.description) }
        return Value.object(fields).json()
    }

    /// Text from outside may hold line ends and escape sequences, which must not reach a terminal.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }

    private static func quoted(_ text: String) -> String {
        text.isEmpty || text.contains { $0 == " " || $0 == "\"" || $0 == "=" || $0.isNewline }
            ? Value.string(text).json() : Self.oneLine(text)
    }
}
