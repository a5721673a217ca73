// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Writes MessagePack, one value after another, each in its shortest form.
public struct MessagePackWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    /// Creates a writer with nothing written.
    ///
    /// - Parameter capacity: How many bytes to make room for at once.
    public init(capacity: Int = 0) {
        if capacity > 0 { self.bytes.reserveCapacity(capacity) }
    }

    /// Writes nil.
    public mutating func writeNil() {
        self.bytes.append(0xC0)
    }

    /// Writes true or false.
    public mutating func write(_ bool: Bool) {
        self.bytes.append(bool ? 0xC3 : 0xC2)
    }

    /// Writes an integer.
    public mutating func write(_ integer: Int64) {
        if integer >= 0 {
            self.write(UInt64(integer))
        } else if integer >= -32 {
            self.bytes.append(UInt8(truncatingIfNeeded: integer))
        } else if integer >= Int8.min {
            self.bytes.append(0xD0)
            self.bytes.append(UInt8(truncatingIfNeeded: integer))
        } else if integer >= Int16.min {
            self.append(0xD1, UInt16(truncatingIfNeeded: integer))
        } else if integer >= Int32.min {
            self.append(0xD2, UInt32(truncatingIfNeeded: integer))
        } else {
            self.append(0xD3, UInt64(truncatingIfNeeded: integer))
        }
    }

    /// Writes an integer.
    public mutating func write(_ integer: Int) {
        self.write(Int64(integer))
    }

    /// Writes an integer.
    public mutating func write(_ integer: UInt64) {
        switch integer {
        case 0..<0x80: self.bytes.append(UInt8(integer))
        case 0x80...0xFF:
            self.bytes.append(0xCC)
            self.bytes.append(UInt8(integer))
        case 0x100...0xFFFF: self.append(0xCD, UInt16(integer))
        case 0x1_0000...0xFFFF_FFFF: self.append(0xCE, UInt32(integer))
        default: self.append(0xCF, integer)
        }
    }

    /// Writes a number as 64 bits.
    public mutating func write(_ double: Double) {
        self.append(0xCB, double.bitPattern)
    }

    /// Writes text.
    public mutating func write(_ string: String) {
        var string = string
        string.withUTF8 { utf8 in
            switch utf8.count {
            case 0..<32: self.bytes.append(0xA0 | UInt8(utf8.count))
            case 32..<0x100:
                self.bytes.append(0xD9)
                self.bytes.append(UInt8(utf8.count))
            case 0x100..<0x1_0000: self.append(0xDA, UInt16(utf8.count))
            default: self.append(0xDB, UInt32(clamping: utf8.count))
            }
            self.bytes.append(contentsOf: utf8)
        }
    }

    /// Writes bytes that are not text.
    public mutating func write(_ bytes: [UInt8]) {
        self.writeBinaryHeader(bytes.count)
        self.bytes.append(contentsOf: bytes)
    }

    /// Writes bytes that are not text.
    public mutating func write(_ bytes: ArraySlice<UInt8>) {
        self.writeBinaryHeader(bytes.count)
        self.bytes.append(contentsOf: bytes)
    }

    /// Writes a part of some bytes, that are not text.
    package mutating func write(_ bytes: [UInt8], _ part: Range<Int>) {
        self.writeBinaryHeader(part.count)
        bytes.withUnsafeBufferPointer { self.bytes.append(contentsOf: UnsafeBufferPointer(rebasing: $0[part])) }
    }

    /// Writes bytes that are not text.
    public mutating func write(_ data: Data) {
        self.writeBinaryHeader(data.count)
        self.bytes.append(contentsOf: data)
    }

    /// Writes a moment as the timestamp extension, to the nanosecond that `Date` can tell.
    public mutating func write(_ date: Date) {
        let interval = date.timeIntervalSinceReferenceDate
        // Beyond this a Date has no whole seconds left; and not a number is no moment at all.
        let bounded = interval.isNaN ? 0 : min(max(interval, -9.0e15), 9.0e15)
        let whole = bounded.rounded(.down)
        var seconds = Int64(whole) + Int64(Date.timeIntervalBetween1970AndReferenceDate)
        var nanoseconds = UInt64(((bounded - whole) * 1_000_000_000).rounded())
        if nanoseconds >= 1_000_000_000 {
            nanoseconds = 0
            seconds += 1
        }
        if seconds >= 0, seconds < 1 << 34 {
            let packed = nanoseconds << 34 | UInt64(seconds)
            if let short = UInt32(exactly: packed) {
                self.bytes.append(0xD6)
                self.append(0xFF, short)
            } else {
                self.bytes.append(0xD7)
                self.append(0xFF, packed)
            }
        } else {
            self.bytes.append(contentsOf: [0xC7, 12])
            self.append(0xFF, UInt32(nanoseconds))
            self.append(UInt64(bitPattern: seconds))
        }
    }

    /// Writes that an array of this many values follows.
    public mutating func writeArrayHeader(_ count: Int) {
        switch count {
        case ..<16: self.bytes.append(0x90 | UInt8(clamping: count))
        case 16..<0x1_0000: self.append(0xDC, UInt16(count))
        default: self.append(0xDD, UInt32(clamping: count))
        }
    }

    /// Writes that a map of this many pairs of key and value follows.
    public mutating func writeMapHeader(_ count: Int) {
        switch count {
        case ..<16: self.bytes.append(0x80 | UInt8(clamping: count))
        case 16..<0x1_0000: self.append(0xDE, UInt16(count))
        default: self.append(0xDF, UInt32(clamping: count))
        }
    }

    /// Writes a value of any kind; the members of objects go sorted by name, so equal values have equal bytes.
    public mutating func write(_ value: Value) {
        switch value {
        case .null: self.writeNil()
        case .bool(let bool): self.write(bool)
        case .int(let integer): self.write(integer)
        case .uint(let integer): self.write(integer)
        case .double(let double): self.write(double)
        case .string(let string): self.write(string)
        case .bytes(let bytes): self.write(bytes)
        case .date(let date): self.write(date)
        case .array(let elements):
            self.writeArrayHeader(elements.count)
            for element in elements { self.write(element) }
        case .object(let members):
            self.writeMapHeader(members.count)
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                self.write(name)
                self.write(member)
            }
        }
    }

    /// Writes a map's key of a single byte.
    package mutating func write(key: Unicode.Scalar) {
        self.bytes.append(0xA1)
        self.bytes.append(UInt8(truncatingIfNeeded: key.value))
    }

    /// Appends bytes that are already MessagePack.
    public mutating func append(encoded bytes: some Collection<UInt8>) {
        self.bytes.append(contentsOf: bytes)
    }

    /// Forgets what was written, and keeps the room for more.
    public mutating func removeAll() {
        self.bytes.removeAll(keepingCapacity: true)
    }

    /// Makes room for so many bytes in all.
    package mutating func reserve(_ capacity: Int) {
        self.bytes.reserveCapacity(capacity)
    }

    /// Forgets the first `count` bytes, and keeps the room that they took.
    package mutating func removeFirst(_ count: Int) {
        self.bytes.removeFirst(min(count, self.bytes.count))
    }

    /// Takes back what was written after the first `count` bytes.
    package mutating func truncate(to count: Int) {
        self.bytes.removeLast(max(0, self.bytes.count - count))
    }

    /// Puts the count into the header of a container that was begun as an empty one.
    mutating func setHeader(at start: Int, isMap: Bool, count: Int) {
        guard count >= 16 else {
            self.bytes[start] = (isMap ? 0x80 : 0x90) | UInt8(count)
            return
        }
        var header = MessagePackWriter()
        if isMap { header.writeMapHeader(count) } else { header.writeArrayHeader(count) }
        self.bytes.replaceSubrange(start..<start + 1, with: header.bytes)
    }

    private mutating func writeBinaryHeader(_ count: Int) {
        switch count {
        case 0..<0x100:
            self.bytes.append(0xC4)
            self.bytes.append(UInt8(count))
        case 0x100..<0x1_0000: self.append(0xC5, UInt16(count))
        default: self.append(0xC6, UInt32(clamping: count))
        }
    }

    private mutating func append<Integer: FixedWidthInteger>(_ head: UInt8, _ integer: Integer) {
        self.bytes.append(head)
        self.append(integer)
    }

    private mutating func append<Integer: FixedWidthInteger>(_ integer: Integer) {
        var shift = Integer.bitWidth
        while shift > 0 {
            shift -= 8
            self.bytes.append(UInt8(truncatingIfNeeded: integer >> shift))
        }
    }
}
