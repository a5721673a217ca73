// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftValue

/// Reads the values of a configuration file, and gathers everything that is wrong with them, each with its place.
struct FileReader {
    /// A map in the file, with the path that leads to it.
    struct Section {
        fileprivate let place: String
        /// What the file says there.
        let members: [String: Value]

        /// Safe to print: names of queues and triggers are the file's.
        fileprivate func place(of key: String) -> String {
            let key = Terminal.safe(key)
            return self.place.isEmpty ? key : "\(self.place).\(key)"
        }
    }

    /// What is wrong, one line each.
    private(set) var problems: [String] = []

    /// The whole file.
    mutating func root(_ value: Value, keys: [String]) -> Section {
        self.section(value, at: "", keys: keys)
    }

    /// A map inside another one; empty when the file does not have it.
    ///
    /// - Parameter keys: The keys that mean something; nil when they are names that the file chooses.
    mutating func section(_ key: String, of parent: Section, keys: [String]?) -> Section {
        guard let value = parent.members[key], !value.isNull else {
            return Section(place: parent.place(of: key), members: [:])
        }
        return self.section(value, at: parent.place(of: key), keys: keys)
    }

    /// A whole number.
    mutating func integer(_ key: String, of section: Section, in range: ClosedRange<Int>) -> Int? {
        guard let value = section.members[key], !value.isNull else { return nil }
        if case .int(let number) = value, let number = Int(exactly: number), range.contains(number) { return number }
        self.wrong(key, section, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
        return nil
    }

    /// A number above 0.
    mutating func positiveNumber(_ key: String, of section: Section, upTo limit: Double) -> Double? {
        guard let value = section.members[key], !value.isNull else { return nil }
        if let number = value.doubleValue, number > 0, number <= limit { return number }
        self.wrong(key, section, "a number above 0 and up to \(Int(limit))", value)
        return nil
    }

    /// A span of time: text as on the command line, or seconds.
    mutating func duration(
        _ key: String, of section: Section, from least: Duration = .milliseconds(1)
    ) -> Duration? {
        guard let value = section.members[key], !value.isNull else { return nil }
        let text: String? =
            switch value {
            case .string(let text): text
            case .int(let number): "\(number)"
            case .double(let number): "\(number)"
            default: nil
            }
        if let duration = text.flatMap({ DurationArgument(argument: $0) })?.duration, duration >= least {
            return duration
        }
        self.wrong(key, section, "a duration \(DurationArgument.forms), and at least \(least.brief)", value)
        return nil
    }

    /// A text that is not empty.
    mutating func text(_ key: String, of section: Section) -> String? {
        guard let value = section.members[key], !value.isNull else { return nil }
        if case .string(let text) = value, !text.isEmpty { return text }
        self.wrong(key, section, "a text that is not empty", value)
        return nil
    }

    /// A pattern of event names, which must be there.
    mutating func pattern(_ key: String, of section: Section) -> EventPattern? {
        let value = section.members[key] ?? .null
        if case .string(let text) = value, let pattern = try? EventPattern(validating: text) { return pattern }
        self.wrong(key, section, "an event's name such as order:created, or a pattern such as order:*", value)
        return nil
    }

    /// One of several words.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ key: String, of section: Section, as type: Word.Type = Word.self
    ) -> Word? {
        guard let value = section.members[key], !value.isNull else { return nil }
        if case .string(let text) = value, let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        self.wrong(key, section, words, value)
        return nil
    }

    private mutating func section(_ value: Value, at place: String, keys: [String]?) -> Section {
        guard case .object(let members) = value else {
            self.problems.append("\(place.isEmpty ? "the file" : place): must be an object, not \(Self.shown(value))")
            return Section(place: place, members: [:])
        }
        let section = Section(place: place, members: members)
        guard let keys else { return section }
        for key in members.keys.sorted() where !keys.contains(key) {
            self.problems.append(
                "\(section.place(of: key)): means nothing here; known are \(keys.sorted().joined(separator: ", "))"
            )
        }
        return section
    }

    private mutating func wrong(_ key: String, _ section: Section, _ wanted: String, _ value: Value) {
        self.problems.append("\(section.place(of: key)): must be \(wanted), not \(Self.shown(value))")
    }

    private static func shown(_ value: Value) -> String { Terminal.safe(value.json(), limit: 60) }
}
