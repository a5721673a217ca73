// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// Why an event's arguments do not fit what a listener asked for.
public struct EventDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The event.
    public var name: EventName
    /// What was expected: the types, in parentheses.
    public var expected: String
    /// What was found: the kinds, in parentheses.
    public var found: String
    /// The first thing that did not fit.
    public var reason: MessagePackError

    init(_ record: EventRecord, expected: String, reason: MessagePackError) {
        self.name = record.name
        self.expected = expected
        self.found = ArgumentReader.kinds(record.encodedArguments)
        self.reason = reason
    }

    /// A word for metrics; never contains values.
    public var label: String { self.reason.label }

    /// Name, expected, found and reason in a sentence.
    public var description: String {
        "the arguments of '\(self.name)' do not fit: expected \(self.expected), found \(self.found) (\(self.reason))"
    }
}
