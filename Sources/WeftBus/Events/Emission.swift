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

    init(_ record: EventRecord, isRemote: Bool) {
        self.name = record.name
        self.origin = record.origin
        self.sequence = record.sequence
        self.time = record.time
        self.isRemote = isRemote
        self.bytes = record.encodedArguments
        self.source = nil
    }

    init(
        name: EventName, origin: NodeID, sequence: UInt64? = nil, time: Date = Date(), bytes: ArraySlice<UInt8>? = nil,
        source: any ArgumentSource
    ) {
        self.name = name
        self.origin = origin
        self.sequence = sequence
        self.time = time
        self.isRemote = false
        self.bytes = bytes
        self.source = source
    }
}
