// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// One event as it was emitted, with arguments that are decoded when someone asks.
public struct EventRecord: Sendable {
    /// What the event is called.
    public let name: EventName
    /// The node that emitted it.
    public let origin: NodeID
    /// Its number in its origin's stream, counted from 1; nil for an event that is not in the stream.
    public let sequence: UInt64?
    /// When it was emitted, by its origin's clock, in microseconds since 1970.
    public let microsecondsSince1970: Int64
    /// The arguments as one MessagePack array, possibly a part of a larger message's bytes.
    public let encodedArguments: ArraySlice<UInt8>

    /// Creates a record.
    ///
    /// - Parameters:
    ///   - name: What the event is called.
    ///   - origin: The node that emitted it.
    ///   - sequence: Its number in the origin's stream; nil if it is not in the stream.
    ///   - microsecondsSince1970: When it was emitted.
    ///   - arguments: A MessagePack array; nothing at all is an empty one.
    public init(
        name: EventName, origin: NodeID, sequence: UInt64?, microsecondsSince1970: Int64, arguments: ArraySlice<UInt8>
    ) {
        self.name = name
        self.origin = origin
        self.sequence = sequence
        self.microsecondsSince1970 = microsecondsSince1970
        self.encodedArguments = arguments
    }

    /// Creates a record with a time that is a date.
    public init(name: EventName, origin: NodeID, sequence: UInt64?, time: Date, arguments: ArraySlice<UInt8>) {
        self.init(
            name: name, origin: origin, sequence: sequence, microsecondsSince1970: time.microsecondsSince1970,
            arguments: arguments)
    }

    /// When it was emitted, by its origin's clock.
    public var time: Date { Date(microsecondsSince1970: self.microsecondsSince1970) }

    /// The arguments as values whose types are found at run time.
    ///
    /// - Throws: ``EventDecodingError`` when the bytes are not what they should be.
    public func values() throws(EventDecodingError) -> [Value] {
        do {
            var reader = try ArgumentReader(self.encodedArguments)
            return try reader.values()
        } catch {
            throw EventDecodingError(self, expected: "values", reason: error)
        }
    }

    /// The arguments as the types of a key; extra ones are ignored, missing ones are nil where that is possible.
    ///
    /// - Throws: ``EventDecodingError`` saying what was expected and what was found.
    public func decode<each Argument>(
        as key: EventKey<repeat each Argument>
    ) throws(EventDecodingError) -> (repeat each Argument) {
        do {
            var reader = try ArgumentReader(self.encodedArguments)
            return (repeat try reader.next((each Argument).self))
        } catch {
            throw EventDecodingError(
                self, expected: ArgumentBox<repeat each Argument>.typeNames, reason: error)
        }
    }

    /// The same with bytes of its own, if it may be a small part of a larger message that it would keep alive.
    func detached() -> EventRecord {
        guard self.encodedArguments.startIndex > 0 else { return self }
        return EventRecord(
            name: self.name, origin: self.origin, sequence: self.sequence,
            microsecondsSince1970: self.microsecondsSince1970, arguments: Array(self.encodedArguments)[...])
    }

    /// About how many bytes the record takes, for the bounds of history and mailboxes.
    var cost: Int {
        self.encodedArguments.count + self.name.rawValue.utf8.count + Self.overhead
    }

    /// What a record takes beside its name and arguments.
    static let overhead = 128

    /// The record in the form that the command line prints: `name`, `arguments`, `origin` (32 hexadecimal digits),
    /// `sequence` and `time` (RFC 3339, UTC, microseconds); arguments that cannot be read are null.
    public var value: Value {
        let arguments: Value = (try? self.values()).map(Value.array) ?? .null
        return [
            "name": .string(self.name.rawValue),
            "arguments": arguments,
            "origin": .string(self.origin.description),
            "sequence": self.sequence.map { Value($0) } ?? .null,
            "time": .string(self.time.rfc3339Microseconds),
        ]
    }
}
