// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// Consecutive events of one origin as they came over the wire: a name, a time and arguments each, one after another.
///
/// They are taken apart where they lie. What is in ``next()`` is valid until it is called again.
public struct PackedEvents: Sendable {
    /// The node that emitted them.
    public let origin: NodeID
    /// The name of the event that was read last.
    public private(set) var name: EventName
    /// Its number in its origin's stream.
    public private(set) var sequence: UInt64
    /// When it was emitted, in microseconds since 1970.
    public private(set) var microsecondsSince1970: Int64 = 0
    /// Where its arguments lie.
    private(set) var part = 0..<0
    /// How many events have not been read.
    public private(set) var left: Int

    private let baseTime: Int64
    private var reader: MessagePackReader
    /// Where the name lies: it repeats, and the one before is most often this one, and is not read again.
    private var encodedName = 0..<0
    /// Whether the event that was read last has the same name as the one before.
    private(set) var repeatsName = false

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - origin: The node that emitted them.
    ///   - first: The sequence of the first event.
    ///   - count: How many there are.
    ///   - baseTime: From when their times are counted, in microseconds since 1970.
    ///   - bytes: The events, and nothing after them.
    public init(origin: NodeID, first: UInt64, count: Int, baseTime: Int64, bytes: ArraySlice<UInt8>) {
        self.origin = origin
        self.name = ""
        self.sequence = first &- 1
        self.left = count
        self.baseTime = baseTime
        self.reader = MessagePackReader(bytes)
    }

    /// The arguments of the event that was read last, as one MessagePack array.
    public var arguments: ArraySlice<UInt8> { self.reader[self.part] }

    /// Reads the next event.
    ///
    /// - Returns: False when there is none left.
    /// - Throws: What is wrong with it; it is the one after ``sequence``, and those after it cannot be read either.
    public mutating func next() throws(MessagePackError) -> Bool {
        guard self.left > 0 else {
            guard self.reader.isAtEnd else {
                throw MessagePackError(.trailingBytes, "bytes follow the last event of a batch")
            }
            return false
        }
        self.repeatsName = !self.encodedName.isEmpty && self.reader.skip(ifSameAs: self.encodedName)
        if !self.repeatsName {
            let start = self.reader.position
            let name = EventName(try self.reader.readString())
            guard name.isMirrored else { throw MessagePackError(.unsupported, "it has no proper name") }
            self.name = name
            self.encodedName = start..<self.reader.position
        }
        let delta = Int64(try self.reader.readInt())
        self.part = try self.reader.readBinPart()
        let (time, overflow) = self.baseTime.addingReportingOverflow(delta)
        self.microsecondsSince1970 = overflow ? self.baseTime : time
        self.sequence &+= 1
        self.left -= 1
        return true
    }

    /// A reader of the arguments of all events.
    var argumentReader: ArgumentReader { ArgumentReader(of: self.reader) }
}
