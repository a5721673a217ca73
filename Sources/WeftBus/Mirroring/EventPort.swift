// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Where a bus hands over what the other nodes should see: the side of the mirror that the bus knows.
public protocol EventPort: AnyObject, Sendable {
    /// Whether an emit may go on without waiting.
    ///
    /// Called under the bus's lock for each event, so it takes none of its own.
    var hasRoom: Bool { get }

    /// Suspends while the outbox is over its high-water mark, for a bounded time.
    func waitForRoom() async

    /// Blocks the calling thread while the outbox is over its high-water mark, for a bounded time.
    func waitForRoomBlocking()

    /// Takes the next number of the stream and queues the event.
    ///
    /// Called under the bus's lock, so that the stream and the history have the same order: it returns at once and never
    /// calls the bus.
    ///
    /// - Parameters:
    ///   - name: What the event is called.
    ///   - arguments: What becomes one MessagePack array.
    ///   - microsecondsSince1970: When it was emitted.
    /// - Returns: The event's number in the stream.
    func append(name: EventName, arguments: EventArguments, microsecondsSince1970: Int64) -> UInt64

    /// The same for arguments that are a part of some bytes, which costs no reference to these.
    func append(name: EventName, arguments bytes: [UInt8], _ part: Range<Int>, microsecondsSince1970: Int64) -> UInt64
}

extension EventPort {
    /// Takes the next number of the stream and queues the event.
    public func append(
        name: EventName, arguments bytes: [UInt8], _ part: Range<Int>, microsecondsSince1970: Int64
    ) -> UInt64 {
        self.append(
            name: name, arguments: EventArguments(encoded: bytes[part]), microsecondsSince1970: microsecondsSince1970)
    }
}
