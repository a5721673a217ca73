// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

/// One event on its way to the listeners of this process.
struct Emission: Sendable {
    let name: EventName
    let origin: NodeID
    let sequence: UInt64?
    let time: Date
    /// Whether another node emitted it.
    let isRemote: Bool
    /// The arguments as bytes; nil when nobody has needed them yet.
    let bytes: ArraySlice<UInt8>?
    /// The arguments as they were handed to `emit`; nil for events from other nodes and from the history.
    let source: (any ArgumentSource)?
    /// With whose events it stays in order: its origin's, unless it speaks of another node's stream.
    let lane: NodeID

    /// The event as a record.
    func record() throws(MessagePackError) -> EventRecord {
        let bytes = if let bytes = self.bytes { bytes } else { try self.source?.encode()[...] ?? [] }
        return EventRecord(
            name: self.name, origin: self.origin, sequence: self.sequence, time: self.time, arguments: bytes)
    }

    /// The arguments as a listener's types: the very values that were emitted when the types are the same.
    func box<each Argument: Codable & Sendable>() throws -> ArgumentBox<repeat each Argument> {
        if let box = self.source as? ArgumentBox<repeat each Argument> { return box }
        return try self.record().box()
    }

    /// About how many bytes it takes, for the bounds of mailboxes.
    var cost: Int {
        (self.bytes?.count ?? 0) + self.name.rawValue.utf8.count + EventRecord.overhead
    }

    /// The same, with bytes that keep no larger message alive.
    func detached() -> Emission {
        guard let bytes = self.bytes, bytes.startIndex > 0, let record = try? self.record() else { return self }
        return Emission(record.detached(), isRemote: self.isRemote)
    }

    init(_ record: EventRecord, isRemote: Bool) {
        self.name = record.name
        self.origin = record.origin
        self.sequence = record.sequence
        self.time = record.time
        self.isRemote = isRemote
        self.bytes = record.encodedArguments
        self.source = nil
        self.lane = record.origin
    }

    init(
        name: EventName, origin: NodeID, sequence: UInt64? = nil, time: Date = Date(), bytes: ArraySlice<UInt8>? = nil,
        source: any ArgumentSource, lane: NodeID? = nil
    ) {
        self.name = name
        self.origin = origin
        self.sequence = sequence
        self.time = time
        self.isRemote = false
        self.bytes = bytes
        self.source = source
        self.lane = lane ?? origin
    }
}
