// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftValue

/// Takes the members of a message's body apart, with errors that name the member.
struct BodyReader {
    let members: [String: Value]
    let what: String

    init(_ members: [String: Value], of what: String) {
        self.members = members
        self.what = what
    }

    init(_ value: Value, of what: String) throws(WireError) {
        guard let members = value.objectValue else {
            throw WireError(.malformed, "\(what) is not a map but \(value.kind)")
        }
        self.init(members, of: what)
    }

    func require<T>(_ key: String, _ expected: String, _ value: T?) throws(WireError) -> T {
        guard let value else {
            let found = self.members[key].map { "is \($0.kind)" } ?? "is missing"
            throw WireError(.malformed, "'\(key)' of \(self.what) \(found); it must be \(expected)")
        }
        return value
    }

    func has(_ key: String) -> Bool { self.members[key] != nil }

    func value(_ key: String) throws(WireError) -> Value {
        try self.require(key, "there", self.members[key])
    }
    func string(_ key: String) throws(WireError) -> String {
        try self.require(key, "text", self.members[key]?.stringValue)
    }
    func uint(_ key: String) throws(WireError) -> UInt64 {
        try self.require(key, "a whole number from 0 up", self.members[key]?.unsignedValue)
    }
    func sequence(_ key: String) throws(WireError) -> UInt64 {
        try self.require(key, "a sequence, from 0 to \(WireFormat.largestSequence)", self.members[key]?.sequenceValue)
    }
    func bool(_ key: String) throws(WireError) -> Bool {
        try self.require(key, "true or false", self.members[key]?.boolValue)
    }
    func array(_ key: String) throws(WireError) -> [Value] {
        try self.require(key, "an array", self.members[key]?.arrayValue)
    }
    func object(_ key: String) throws(WireError) -> [String: Value] {
        try self.require(key, "a map", self.members[key]?.objectValue)
    }
    func node(_ key: String) throws(WireError) -> NodeID {
        try self.require(key, "16 bytes", self.members[key]?.nodeValue)
    }

    func versions(_ key: String) throws(WireError) -> VersionRange {
        let pair = try self.array(key)
        guard pair.count == 2, let oldest = pair[0].unsignedValue.flatMap(UInt8.init(exactly:)),
            let newest = pair[1].unsignedValue.flatMap(UInt8.init(exactly:))
        else { throw WireError(.malformed, "'\(key)' of \(self.what) is not a pair of versions") }
        return VersionRange(oldest: oldest, newest: newest)
    }

    func cursors(_ key: String) throws(WireError) -> [NodeID: UInt64] {
        var cursors: [NodeID: UInt64] = [:]
        let pairs = try self.array(key)
        guard pairs.count <= WireFormat.maximumCursors else {
            throw WireError(
                .tooLarge, "'\(key)' of \(self.what) has \(pairs.count) positions; \(WireFormat.maximumCursors) is most"
            )
        }
        for pair in pairs {
            guard let pair = pair.arrayValue, pair.count == 2, let node = pair[0].nodeValue,
                let cursor = pair[1].sequenceValue
            else { throw WireError(.malformed, "'\(key)' of \(self.what) has something that is not [id, sequence]") }
            cursors[node] = cursor
        }
        return cursors
    }

    func roster(_ key: String) throws(WireError) -> [RosterEntry] {
        var entries: [RosterEntry] = []
        for pair in try self.array(key) {
            guard let pair = pair.arrayValue, pair.count == 2, let silence = pair[1].unsignedValue else {
                throw WireError(.malformed, "'\(key)' of \(self.what) has something that is not [record, number]")
            }
            entries.append(RosterEntry(record: try MemberRecord(pair[0]), silence: silence))
        }
        return entries
    }

    func blobs(_ key: String) throws(WireError) -> [ArraySlice<UInt8>] {
        var blobs: [ArraySlice<UInt8>] = []
        for blob in try self.array(key) {
            guard let bytes = blob.bytesValue else {
                throw WireError(.malformed, "'\(key)' of \(self.what) has something that is not bytes")
            }
            blobs.append(bytes[...])
        }
        return blobs
    }

    func events(_ key: String) throws(WireError) -> [EventRecord] {
        var events: [EventRecord] = []
        for event in try self.array(key) {
            guard let parts = event.arrayValue, parts.count == 5, let origin = parts[0].nodeValue,
                let sequence = parts[1].sequenceValue, let time = parts[2].intValue,
                let name = parts[3].stringValue.flatMap({ EventName(wire: $0) }), let arguments = parts[4].bytesValue
            else { throw WireError(.malformed, "'\(key)' of \(self.what) has something that is not an event") }
            events.append(
                EventRecord(
                    name: name, origin: origin, sequence: sequence, microsecondsSince1970: time,
                    arguments: arguments[...]))
        }
        return events
    }
}

extension Value {
    /// A whole number from 0 up.
    var unsignedValue: UInt64? {
        switch self {
        case .int(let integer): UInt64(exactly: integer)
        case .uint(let integer): integer
        default: nil
        }
    }

    /// A sequence, or 0 for none.
    var sequenceValue: UInt64? {
        self.unsignedValue.flatMap { $0 <= WireFormat.largestSequence ? $0 : nil }
    }

    /// A node id as its 16 bytes.
    var nodeValue: NodeID? {
        guard let bytes = self.bytesValue, bytes.count == NodeID.byteCount else { return nil }
        return NodeID(bytes: bytes)
    }
}
