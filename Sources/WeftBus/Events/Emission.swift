// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// One event on its way to the listeners of this process.
@usableFromInline
struct Emission: Sendable {
    let name: EventName
    let origin: NodeID
    let sequence: UInt64?
    let microseconds: Int64
    /// Whether another node emitted it.
    let isRemote: Bool
    @usableFromInline let arguments: EventArguments
    /// With whose events it stays in order: its origin's, unless it speaks of another node's stream.
    let lane: NodeID

    /// The event as a record.
    @usableFromInline
    func record() throws(MessagePackError) -> EventRecord {
        EventRecord(
            name: self.name, origin: self.origin, sequence: self.sequence, microsecondsSince1970: self.microseconds,
            arguments: try self.arguments.encoded())
    }

    /// The very values that were emitted, if they are of these types.
    @inlinable
    func values<each Argument: Codable & Sendable>(
        of type: ArgumentBox<repeat each Argument>.Type
    ) -> ArgumentBox<repeat each Argument>? {
        // By way of AnyObject: a cast from the protocol asks the runtime much more.
        guard let source = self.arguments.source else { return nil }
        return (source as AnyObject) as? ArgumentBox<repeat each Argument>
    }

    /// Reads the arguments from their bytes.
    @usableFromInline
    func reader(for expected: @autoclosure () -> String) throws(Undecodable) -> ArgumentReader {
        do {
            return try ArgumentReader(self.arguments.encoded())
        } catch {
            throw Undecodable(error, expected: expected())
        }
    }

    /// The error that says why the arguments do not fit; any other reason is left as it is.
    func mismatch(_ error: Undecodable) -> any Error {
        guard let reason = error.reason as? MessagePackError, let record = try? self.record() else {
            return error.reason
        }
        return EventDecodingError(record, expected: error.expected, reason: reason)
    }

    /// About how many bytes it takes, for the bounds of mailboxes.
    var cost: Int {
        self.arguments.size + self.name.rawValue.utf8.count + EventRecord.overhead
    }

    /// The same, with bytes that keep no larger message alive.
    func detached() -> Emission {
        guard let bytes = self.arguments.bytes, bytes.startIndex > 0, let record = try? self.record() else {
            return self
        }
        return Emission(record.detached(), isRemote: self.isRemote)
    }

    init(_ record: EventRecord, isRemote: Bool) {
        self.init(
            name: record.name, origin: record.origin, sequence: record.sequence,
            microseconds: record.microsecondsSince1970, isRemote: isRemote,
            arguments: EventArguments(bytes: record.encodedArguments))
    }

    init(name: EventName, origin: NodeID, source: any ArgumentSource, lane: NodeID? = nil) {
        self.init(
            name: name, origin: origin, sequence: nil, microseconds: WallClock.microseconds,
            arguments: EventArguments(bytes: nil, source: source), lane: lane)
    }

    init(
        name: EventName, origin: NodeID, sequence: UInt64?, microseconds: Int64, isRemote: Bool = false,
        arguments: EventArguments, lane: NodeID? = nil
    ) {
        self.name = name
        self.origin = origin
        self.sequence = sequence
        self.microseconds = microseconds
        self.isRemote = isRemote
        self.arguments = arguments
        self.lane = lane ?? origin
    }
}
