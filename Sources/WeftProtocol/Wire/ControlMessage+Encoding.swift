// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
import WeftValue

extension ControlMessage {
    /// The message as one frame.
    public func encoded() -> [UInt8] {
        var writer = MessagePackWriter(capacity: 128)
        writer.append(
            encoded: WireFormat.magic + [WireFormat.newestVersion, self.kind.rawValue])
        writer.write(.object(self.body))
        return writer.bytes
    }

    private var body: [String: Value] {
        switch self {
        case .hello(let record, let id):
            if let id { ["n": record.value, "t": .bytes(id.bytes)] } else { ["n": record.value] }
        case .welcome(let record, let roster): ["n": record.value, "r": .array(roster.map(\.value))]
        case .reject(let reason, let message, let versions):
            ["c": .string(reason.name), "m": .string(message), "v": versions.value]
        case .probeAck(let nonce): ["k": Value(nonce)]
        case .heartbeat(let head, let cursors, let digest):
            ["h": Value(head), "c": Self.value(cursors), "d": Value(digest)]
        case .roster(let entries, let wantsReply): ["r": .array(entries.map(\.value)), "p": .bool(wantsReply)]
        case .snapshotRequest(let id, let floors): ["k": Value(id), "f": Self.value(floors)]
        case .snapshot(let id, let isReady, let events, let cursors):
            [
                "k": Value(id), "y": .bool(isReady), "c": Self.value(cursors),
                "e": .array(events.map(Self.value)),
            ]
        case .flush(let sequence): ["s": Value(sequence)]
        case .flushed(let sequence, let missed, nil): ["s": Value(sequence), "x": Value(missed)]
        case .flushed(let sequence, let missed, let member?):
            ["s": Value(sequence), "x": Value(missed), "i": .bytes(member.bytes)]
        case .goodbye(let head): ["h": Value(head)]
        case .request(let id, let method, let body): ["k": Value(id), "m": .string(method), "b": body]
        case .reply(let id, let isSuccess, let body): ["k": Value(id), "o": .bool(isSuccess), "b": body]
        case .fetch(let id, let origin, let first, let last):
            ["k": Value(id), "i": .bytes(origin.bytes), "f": Value(first), "l": Value(last)]
        case .repair(let id, let origin, let from, let isBusy, let batches):
            [
                "k": Value(id), "i": .bytes(origin.bytes), "f": Value(from), "y": .bool(isBusy),
                "e": .array(batches.map { .bytes(Array($0)) }),
            ]
        case .ping(let id, let refutation): ["k": Value(id), "u": Value(refutation)]
        case .pong(let id, let member, let refutation, let age):
            ["k": Value(id), "i": .bytes(member.bytes), "u": Value(refutation), "a": Value(age)]
        case .pingRequest(let id, let member, let refutation):
            ["k": Value(id), "i": .bytes(member.bytes), "u": Value(refutation)]
        case .began(let origin, let after): ["i": .bytes(origin.bytes), "h": Value(after)]
        }
    }

    private static func value(_ cursors: [NodeID: UInt64]) -> Value {
        .array(
            cursors.map { ($0.key.bytes, $0.value) }
                .sorted { $0.0.lexicographicallyPrecedes($1.0) }
                .map { .array([.bytes($0.0), Value($0.1)]) })
    }

    private static func value(_ event: EventRecord) -> Value {
        .array([
            .bytes(event.origin.bytes), Value(event.sequence ?? 0), .int(event.microsecondsSince1970),
            .string(event.name.description), .bytes(Array(event.encodedArguments)),
        ])
    }
}

extension MemberRecord {
    var value: Value {
        var members: [String: Value] = [
            "i": .bytes(self.id.bytes), "n": .string(self.name),
            "o": .array(self.roles.sorted().map { .string($0.name) }),
            "c": .string(self.control), "p": .string(self.publish), "x": .object(self.extras),
            "s": Value(self.revision), "v": self.versions.value,
        ]
        if self.refutation > 0 { members["u"] = Value(self.refutation) }
        members["k"] = self.key.map { .string($0) }
        return .object(members)
    }
}

extension RosterEntry {
    var value: Value { .array([self.record.value, Value(self.silence)]) }
}

extension VersionRange {
    var value: Value { .array([Value(UInt64(self.oldest)), Value(UInt64(self.newest))]) }
}
