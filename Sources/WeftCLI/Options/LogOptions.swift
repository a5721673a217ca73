// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import Logging

/// What is logged, and how.
struct LogOptions: ParsableArguments {
    @Option(help: "What is logged: trace, debug, info, notice, warning or error. (WEFT_LOG_LEVEL)")
    var logLevel: Logger.Level?

    @Flag(help: "Log one JSON object a line. (WEFT_JSON_LOGS=1)")
    var jsonLogs = false

    /// Makes the logger of a command.
    ///
    /// - Parameter quietest: The level when none is asked for.
    func logger(_ label: String, default level: Logger.Level) throws(CommandFailure) -> Logger {
        let variable = try Variables.value("WEFT_LOG_LEVEL", as: { Logger.Level(rawValue: $0) })
        let level = self.logLevel ?? variable ?? level
        let isJSON = self.jsonLogs || Variables.isSet("WEFT_JSON_LOGS")
        return Logger(label: label) { TerminalLogHandler(label: $0, level: level, isJSON: isJSON) }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
