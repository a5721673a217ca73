// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftValue

/// Consecutive events of one origin, as they came over the wire; the events are taken apart only when asked for.
public struct EventBatch: Hashable, Sendable {
    /// The node that emitted them.
    public let origin: NodeID
    /// The sequence of the first event, from 1 up.
    public let first: UInt64
    /// How many there are, at least one.
    public let count: Int
    /// The time from which the events' times are counted, in microseconds since 1970.
    public let baseTime: Int64
    /// The batch as it came and as it can be sent again.
    public let frame: ArraySlice<UInt8>

    /// The sequence of the last event.
    public var last: UInt64 { self.first + UInt64(self.count - 1) }
    /// The bytes that the batch keeps alive.
    public var byteCount: Int { self.frame.count }

    /// A batch that has just been written.
    init(origin: NodeID, first: UInt64, count: Int, baseTime: Int64, frame: [UInt8]) {
        self.origin = origin
        self.first = first
        self.count = count
        self.baseTime = baseTime
        self.frame = frame[...]
    }

    /// Reads a batch's header.
    ///
    /// - Throws: ``WireError`` saying what is wrong with it.
    public init(decoding frame: ArraySlice<UInt8>) throws(WireError) {
        guard frame.first == WireFormat.batchTopic else { throw WireError(.notWeft, "a frame that is not a batch") }
        var rest = frame.dropFirst()
        guard let version = rest.popFirst() else {
            throw WireError(.truncated, "a batch of only \(frame.count) bytes")
        }
        guard WireFormat.speaks(version) else {
            throw WireError(.version, "a batch in wire version \(version); this node speaks \(VersionRange.current)")
        }
        guard let origin = rest.takeNodeID(), let first = rest.takeInteger(UInt64.self),
            let count = rest.takeInteger(UInt32.self), let baseTime = rest.takeInteger(UInt64.self)
        else { throw WireError(.truncated, "a batch of only \(frame.count) bytes") }
        guard count > 0, first > 0, first <= WireFormat.largestSequence - UInt64(count) else {
            throw WireError(.malformed, "a batch of \(count) events from sequence \(first)")
        }
        guard rest.count / WireFormat.smallestEvent >= Int(count) else {
            throw WireError(.truncated, "a batch of \(count) events in \(rest.count) bytes")
        }
        self.origin = origin
        self.first = first
        self.count = Int(count)
        self.baseTime = Int64(bitPattern: baseTime)
        self.frame = frame
    }

    /// The events after a sequence, in order.
    ///
    /// - Returns: the events up to the first one that cannot be read, and what is wrong with that one; the rest of
    ///   the batch is then lost.
    public func events(after sequence: UInt64 = 0) -> (events: [EventRecord], error: WireError?) {
        var packed = self.packed
        var events: [EventRecord] = []
        let skipped = sequence >= self.first ? sequence - self.first + 1 : 0
        events.reserveCapacity(self.count - Int(min(skipped, UInt64(self.count))))
        do throws(MessagePackError) {
            while try packed.next() {
                if packed.sequence <= sequence { continue }
                events.append(
                    EventRecord(
                        name: packed.name, origin: self.origin, sequence: packed.sequence,
                        microsecondsSince1970: packed.microsecondsSince1970, arguments: packed.arguments))
            }
            return (events, nil)
        } catch {
            return (events, WireError(error, after: packed.sequence))
        }
    }

    /// The events where they lie.
    public var packed: PackedEvents {
        PackedEvents(
            origin: self.origin, first: self.first, count: self.count, baseTime: self.baseTime,
            bytes: self.frame.dropFirst(WireFormat.batchHeaderSize))
    }
}

extension WireError {
    /// What is wrong with the event after a sequence, or with what comes in its place.
    public init(_ error: MessagePackError, after sequence: UInt64) {
        self.init(.malformed, "event \(sequence + 1): \(error.message)")
    }
}
