// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The `WEFT_…` variables, which stand in for flags that are not given.
enum Variables {
    /// A variable's text; nil when it is not set or empty.
    static func text(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The parts of a variable that may hold several, set apart by commas.
    static func list(_ name: String) -> [String] {
        self.text(name)?.split(separator: ",").map { String($0.drop(while: \.isWhitespace)) } ?? []
    }

    /// Whether a variable says yes.
    static func isSet(_ name: String) -> Bool {
        ["1", "true", "yes", "on"].contains(self.text(name)?.lowercased())
    }

    /// A variable's value, when it is set.
    static func value<Value>(_ name: String, as read: (String) -> Value?) throws(CommandFailure) -> Value? {
        guard let text = self.text(name) else { return nil }
        guard let value = read(text) else {
            throw CommandFailure(.configuration, "\(name) has a value that means nothing here: \(Terminal.safe(text))")
        }
        return value
    }
}
