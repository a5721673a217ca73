// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import WeftBus
package import WeftValue

/// Reads the fields of a map that came from outside, and names what is wrong with them.
package struct TaskFields {
    private let owner: String
    private let members: [String: Value]

    package init(_ value: Value, of owner: String) throws(TaskPlaneError) {
        guard case .object(let members) = value else {
            throw TaskPlaneError(.malformed, "A \(owner) must be a map.")
        }
        self.owner = owner
        self.members = members
    }

    /// A field that must be there.
    package func value(_ key: String) throws(TaskPlaneError) -> Value {
        guard let value = self.members[key] else {
            throw TaskPlaneError(.missing, "A \(self.owner) must have the field \"\(key)\".")
        }
        return value
    }

    /// A field that may be missing or null.
    package func optional(_ key: String) -> Value? {
        guard let value = self.members[key], !value.isNull else { return nil }
        return value
    }

    /// Whether the field is there, and not null.
    package func has(_ key: String) -> Bool {
        !(self.members[key] ?? .null).isNull
    }

    package func string(_ key: String) throws(TaskPlaneError) -> String {
        guard case .string(let text) = try self.value(key) else { throw self.wrongType(key, "a string") }
        return text
    }

    package func optionalString(_ key: String) throws(TaskPlaneError) -> String? {
        guard let value = self.optional(key) else { return nil }
        guard case .string(let text) = value else { throw self.wrongType(key, "a string") }
        return text
    }

    /// An identifier: not empty, and of a bounded length.
    package func name(_ key: String) throws(TaskPlaneError) -> String {
        let text = try self.string(key)
        guard !text.isEmpty, text.utf8.count <= TaskDefaults.maximumNameBytes else {
            throw TaskPlaneError(
                .outOfRange,
                "\"\(key)\" of a \(self.owner) must have 1 to \(TaskDefaults.maximumNameBytes) bytes, not \(text.utf8.count)."
            )
        }
        return text
    }

    package func integer(_ key: String) throws(TaskPlaneError) -> Int {
        guard let number = try self.value(key).intValue.flatMap({ Int(exactly: $0) }) else {
            throw self.wrongType(key, "an integer")
        }
        return number
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) throws(TaskPlaneError) -> Int {
        let number = try self.integer(key)
        guard range.contains(number) else {
            throw TaskPlaneError(
                .outOfRange,
                "\"\(key)\" of a \(self.owner) must be \(range.lowerBound) to \(range.upperBound), not \(number).")
        }
        return number
    }

    package func unsigned(_ key: String) throws(TaskPlaneError) -> UInt64 {
        switch try self.value(key) {
        case .uint(let number): return number
        case .int(let number):
            guard let number = UInt64(exactly: number) else { throw self.wrongType(key, "a number from 0") }
            return number
        default: throw self.wrongType(key, "a number from 0")
        }
    }

    package func bool(_ key: String) throws(TaskPlaneError) -> Bool {
        guard let value = self.optional(key) else { return false }
        guard case .bool(let bool) = value else { throw self.wrongType(key, "true or false") }
        return bool
    }

    package func date(_ key: String) throws(TaskPlaneError) -> Date {
        guard case .date(let date) = try self.value(key) else { throw self.wrongType(key, "a time") }
        return date
    }

    package func optionalDate(_ key: String) throws(TaskPlaneError) -> Date? {
        guard let value = self.optional(key) else { return nil }
        guard case .date(let date) = value else { throw self.wrongType(key, "a time") }
        return date
    }

    /// A duration, carried as whole microseconds.
    package func duration(_ key: String) throws(TaskPlaneError) -> Duration {
        let longest = Int(clamping: TaskDefaults.longestLimit.clampedNanoseconds / 1000)
        return .microseconds(try self.integer(key, in: 0...longest))
    }

    package func optionalDuration(_ key: String) throws(TaskPlaneError) -> Duration? {
        !self.has(key) ? nil : try self.duration(key)
    }

    package func array(_ key: String) throws(TaskPlaneError) -> [Value] {
        guard let value = self.optional(key) else { return [] }
        guard case .array(let elements) = value else { throw self.wrongType(key, "an array") }
        return elements
    }

    package func strings(_ key: String) throws(TaskPlaneError) -> [String] {
        var strings: [String] = []
        for element in try self.array(key) {
            guard case .string(let text) = element else { throw self.wrongType(key, "an array of strings") }
            strings.append(text)
        }
        return strings
    }

    package func node(_ key: String) throws(TaskPlaneError) -> NodeID {
        guard case .bytes(let bytes) = try self.value(key), let node = NodeID(bytes: bytes) else {
            throw self.wrongType(key, "a node's id of 16 bytes")
        }
        return node
    }

    package func optionalNode(_ key: String) throws(TaskPlaneError) -> NodeID? {
        !self.has(key) ? nil : try self.node(key)
    }

    package func epoch(_ key: String) throws(TaskPlaneError) -> TaskEpoch {
        try TaskEpoch(value: try self.value(key))
    }

    package func optionalEpoch(_ key: String) throws(TaskPlaneError) -> TaskEpoch? {
        guard let value = self.optional(key) else { return nil }
        return try TaskEpoch(value: value)
    }

    package func references(_ key: String) throws(TaskPlaneError) -> [TaskReference] {
        var references: [TaskReference] = []
        for element in try self.array(key) { references.append(try TaskReference(value: element)) }
        return references
    }

    private func wrongType(_ key: String, _ wanted: String) -> TaskPlaneError {
        TaskPlaneError(.wrongType, "\"\(key)\" of a \(self.owner) must be \(wanted).")
    }
}

/// Builds a map without the fields that are nil.
package func makeMap(_ fields: KeyValuePairs<String, Value?>) -> Value {
    var members: [String: Value] = [:]
    members.reserveCapacity(fields.count)
    for (key, value) in fields { members[key] = value }
    return .object(members)
}

extension Duration {
    /// The duration as whole microseconds, as messages carry it.
    package var microseconds: Value { .int(self.clampedNanoseconds / 1000) }
}
