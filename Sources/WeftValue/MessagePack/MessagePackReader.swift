// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Reads MessagePack, one value after another, and never trusts a declared length.
///
/// A length that is more than the bytes that are left is an error before anything is allocated for it; nesting is
/// bounded. What fails leaves the reader where it was.
public struct MessagePackReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    /// Where in `bytes` the next value begins.
    ///
    /// The slice itself stays as it is: to cut it costs a reference each time.
    package private(set) var position: Int
    /// Where what may be read ends: the end of `bytes`, or that of the part that is being read.
    private var end: Int
    /// How deep ``readValue()`` follows arrays and maps.
    public let depthLimit: Int
    /// How many more values ``readValue()`` and ``skip()`` take, those inside others included.
    private(set) var valuesLeft: Int

    /// Creates a reader of these bytes.
    ///
    /// - Parameters:
    ///   - bytes: One or more values, one after another.
    ///   - depthLimit: How deep arrays and maps may nest.
    ///   - valueLimit: How many values ``readValue()`` and ``skip()`` take in all: a byte can be one, which takes far more room
    ///     once it is read.
    public init(_ bytes: ArraySlice<UInt8>, depthLimit: Int = MessagePack.depthLimit, valueLimit: Int = .max) {
        self.bytes = bytes
        self.position = bytes.startIndex
        self.end = bytes.endIndex
        self.depthLimit = depthLimit
        self.valuesLeft = valueLimit
    }

    /// Creates a reader of these bytes.
    public init(_ bytes: [UInt8], depthLimit: Int = MessagePack.depthLimit) {
        self.init(bytes[...], depthLimit: depthLimit)
    }

    /// Whether everything has been read.
    public var isAtEnd: Bool { self.position >= self.end }

    /// What has not been read yet.
    public var remaining: ArraySlice<UInt8> { self.bytes[self.position..<self.end] }

    private var left: Int { self.end - self.position }

    /// Goes to a part of the bytes, wherever in them that is, and reads no further than it goes.
    ///
    /// So one reader serves all parts of a message, and none costs a reference to its bytes.
    package mutating func enter(_ part: Range<Int>) {
        let part = part.clamped(to: self.bytes.startIndex..<self.bytes.endIndex)
        (self.position, self.end) = (part.lowerBound, part.upperBound)
    }

    /// The bytes of a part, as they lie in the whole.
    package subscript(part: Range<Int>) -> ArraySlice<UInt8> {
        self.bytes[part.clamped(to: self.bytes.startIndex..<self.bytes.endIndex)]
    }

    /// Fails unless everything has been read.
    public func expectEnd() throws(MessagePackError) {
        if !self.isAtEnd {
            throw MessagePackError(.trailingBytes, "\(self.left) bytes follow the value")
        }
    }

    /// Reads nil if it comes next.
    ///
    /// - Returns: Whether it did.
    public mutating func readNil() -> Bool {
        guard !self.isAtEnd, self.bytes[self.position] == 0xC0 else { return false }
        self.position += 1
        return true
    }

    /// Reads true or false.
    public mutating func readBool() throws(MessagePackError) -> Bool {
        let head = try self.head()
        guard head == 0xC2 || head == 0xC3 else { throw self.mismatch("a boolean") }
        self.position += 1
        return head == 0xC3
    }

    /// Reads an integer, also from a number without a fraction.
    public mutating func readInteger<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(MessagePackError) -> Integer {
        let start = self.position
        let exact: Integer? =
            switch try self.readNumber("an integer") {
            case .int(let integer): Integer(exactly: integer)
            case .uint(let integer): Integer(exactly: integer)
            case .double(let double): Integer(exactly: double)
            }
        guard let exact else {
            self.position = start
            throw MessagePackError(.outOfRange, "the number does not fit into \(type)")
        }
        return exact
    }

    /// Reads an integer.
    public mutating func readInt() throws(MessagePackError) -> Int {
        // Most numbers are small.
        if self.position < self.end {
            let head = self.bytes[self.position]
            if head < 0x80 {
                self.position += 1
                return Int(head)
            }
            if head == 0xCC || head == 0xCD || head == 0xCE {
                let size = 1 << Int(head - 0xCC)
                if self.left > size {
                    let integer = try self.integer(size, at: 1)
                    self.position += 1 + size
                    return Int(integer)
                }
            }
        }
        return try self.readInteger(Int.self)
    }

    /// Reads an integer without sign.
    public mutating func readUInt() throws(MessagePackError) -> UInt64 {
        try self.readInteger(UInt64.self)
    }

    /// Reads a number, also a whole one.
    public mutating func readDouble() throws(MessagePackError) -> Double {
        switch try self.readNumber("a number") {
        case .int(let integer): Double(integer)
        case .uint(let integer): Double(integer)
        case .double(let double): double
        }
    }

    /// Reads text.
    public mutating func readString() throws(MessagePackError) -> String {
        let (offset, count) =
            switch try self.head() {
            case let head where head & 0xE0 == 0xA0: (1, UInt64(head & 0x1F))
            case 0xD9: (2, try self.integer(1, at: 1))
            case 0xDA: (3, try self.integer(2, at: 1))
            case 0xDB: (5, try self.integer(4, at: 1))
            default: throw self.mismatch("a string")
            }
        let body = try self.body(offset, count)
        guard let string = Self.text(body) else {
            throw MessagePackError(.invalidText, "a string is not UTF-8")
        }
        self.position = body.endIndex
        return string
    }

    /// Reads a map's next key when it is one of a single byte.
    ///
    /// - Returns: The byte; nil for any other key, which is left to be read.
    package mutating func readShortKey() -> UInt8? {
        guard self.left >= 2, self.bytes[self.position] == 0xA1 else { return nil }
        defer { self.position += 2 }
        return self.bytes[self.position + 1]
    }

    /// The text that bytes are; nil when they are not UTF-8.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        // The other initializer is generic, and asks the runtime for types each time.
        guard #available(macOS 26, *) else { return String(validating: bytes, as: UTF8.self) }
        do {
            return String(copying: try UTF8Span(validating: bytes.span))
        } catch {
            return nil
        }
    }

    /// Reads bytes that are not text; the result shares the storage of what is being read.
    public mutating func readBin() throws(MessagePackError) -> ArraySlice<UInt8> {
        self.bytes[try self.readBinPart()]
    }

    /// Reads bytes that are not text, as an array of their own; nil when something else comes next.
    public mutating func readBytesIfNext() throws(MessagePackError) -> [UInt8]? {
        guard self.isAtBytes else { return nil }
        let part = try self.readBinPart()
        return [UInt8](self.bytes[part])
    }

    /// Reads past bytes that are not text.
    ///
    /// - Returns: Where they lie.
    package mutating func readBinPart() throws(MessagePackError) -> Range<Int> {
        // Most are short.
        if self.left >= 2, self.bytes[self.position] == 0xC4 {
            let start = self.position + 2
            let end = start + Int(self.bytes[self.position + 1])
            if end <= self.end {
                self.position = end
                return start..<end
            }
        }
        let (offset, count) =
            switch try self.head() {
            case 0xC4: (2, try self.integer(1, at: 1))
            case 0xC5: (3, try self.integer(2, at: 1))
            case 0xC6: (5, try self.integer(4, at: 1))
            default: throw self.mismatch("bytes")
            }
        let left = self.left - offset
        guard left >= 0, count <= UInt64(left) else { throw self.truncated(count, left) }
        let start = self.position + offset
        self.position = start + Int(count)
        return start..<self.position
    }

    /// Reads a moment from the timestamp extension.
    public mutating func readDate() throws(MessagePackError) -> Date {
        let (type, body) = try self.extensionBody("a date")
        guard type == 0xFF else {
            throw MessagePackError(.unsupported, "extension type \(Int8(bitPattern: type)) is not a date")
        }
        let seconds: Int64
        let nanoseconds: UInt64
        switch body.count {
        case 4:
            seconds = Int64(Self.integer(body))
            nanoseconds = 0
        case 8:
            let packed = Self.integer(body)
            seconds = Int64(packed & (1 << 34 - 1))
            nanoseconds = packed >> 34
        case 12:
            nanoseconds = Self.integer(body.prefix(4))
            seconds = Int64(bitPattern: Self.integer(body.suffix(8)))
        default: throw MessagePackError(.unsupported, "a date of \(body.count) bytes")
        }
        guard nanoseconds < 1_000_000_000 else {
            throw MessagePackError(.outOfRange, "a date with more than 999999999 nanoseconds")
        }
        self.position = body.endIndex
        let (reference, overflow) = seconds.subtractingReportingOverflow(
            Int64(Date.timeIntervalBetween1970AndReferenceDate))
        return Date(
            timeIntervalSinceReferenceDate: Double(overflow ? seconds : reference) + Double(nanoseconds) / 1e9)
    }

    /// Reads that an array follows.
    ///
    /// - Returns: How many values it has, never more than there are bytes left.
    public mutating func readArrayHeader() throws(MessagePackError) -> Int {
        let (offset, count) =
            switch try self.head() {
            case let head where head & 0xF0 == 0x90: (1, UInt64(head & 0x0F))
            case 0xDC: (3, try self.integer(2, at: 1))
            case 0xDD: (5, try self.integer(4, at: 1))
            default: throw self.mismatch("an array")
            }
        return try self.header(offset, count, bytesPerEntry: 1)
    }

    /// Reads that a map follows.
    ///
    /// - Returns: How many pairs it has, never more than there are pairs of bytes left.
    public mutating func readMapHeader() throws(MessagePackError) -> Int {
        let (offset, count) =
            switch try self.head() {
            case let head where head & 0xF0 == 0x80: (1, UInt64(head & 0x0F))
            case 0xDE: (3, try self.integer(2, at: 1))
            case 0xDF: (5, try self.integer(4, at: 1))
            default: throw self.mismatch("a map")
            }
        return try self.header(offset, count, bytesPerEntry: 2)
    }

    /// Skips one value with all that is in it, down to the depth limit.
    ///
    /// - Returns: The bytes of the value.
    @discardableResult
    public mutating func skip() throws(MessagePackError) -> ArraySlice<UInt8> {
        let start = self.position
        try self.pass()
        return self.bytes[start..<self.position]
    }

    /// The same without the bytes, which cost a reference.
    mutating func pass() throws(MessagePackError) {
        let start = self.position
        do throws(MessagePackError) {
            // How many values are left at each level. The limit is not for the stack's sake: a decoder skips at each
            // level what is below, and without it small messages could cost the square of their size.
            var left: [Int] = []
            repeat {
                let count = try self.skipOne()
                if count > 0 {
                    guard left.count < self.depthLimit else { throw self.tooDeep }
                    left.append(count)
                    continue
                }
                while let last = left.popLast() {
                    if last > 1 {
                        left.append(last - 1)
                        break
                    }
                }
            } while !left.isEmpty
        } catch {
            self.position = start
            throw error
        }
    }

    /// Skips these bytes if they come next: a value that was read before.
    ///
    /// - Returns: Whether they did.
    public mutating func skip(ifNext value: ArraySlice<UInt8>) -> Bool {
        guard self.left >= value.count, self.bytes[self.position..<self.position + value.count] == value else {
            return false
        }
        self.position += value.count
        return true
    }

    /// Skips what comes next if it is the same as an earlier part of the bytes.
    ///
    /// - Returns: Whether it was.
    package mutating func skip(ifSameAs part: Range<Int>) -> Bool {
        let count = part.count
        let start = self.bytes.startIndex
        guard self.left >= count, part.lowerBound >= start, part.upperBound <= self.position else { return false }
        let (earlier, next) = (part.lowerBound - start, self.position - start)
        guard Self.isSame(self.bytes.span.bytes, earlier, next, count) else { return false }
        self.position += count
        return true
    }

    private static func isSame(_ bytes: RawSpan, _ earlier: Int, _ next: Int, _ count: Int) -> Bool {
        if count >= 8 {
            // Eight bytes at a time; the last eight may have been looked at in part before.
            var offset = 0
            while true {
                let one = bytes.unsafeLoadUnaligned(fromByteOffset: earlier + offset, as: UInt64.self)
                let other = bytes.unsafeLoadUnaligned(fromByteOffset: next + offset, as: UInt64.self)
                guard one == other else { return false }
                if offset == count - 8 { break }
                offset = min(offset + 8, count - 8)
            }
        } else {
            for offset in 0..<count {
                let one = bytes.unsafeLoad(fromByteOffset: earlier + offset, as: UInt8.self)
                guard one == bytes.unsafeLoad(fromByteOffset: next + offset, as: UInt8.self) else { return false }
            }
        }
        return true
    }

    /// Skips one scalar or header.
    ///
    /// - Returns: How many values the header promises.
    private mutating func skipOne() throws(MessagePackError) -> Int {
        let head = try self.head()
        try self.count()
        let body: ArraySlice<UInt8>
        switch head {
        case 0x00...0x7F, 0xE0...0xFF, 0xC0, 0xC2, 0xC3: body = try self.body(1, 0)
        case 0x80...0x8F, 0xDE, 0xDF: return try self.readMapHeader() * 2
        case 0x90...0x9F, 0xDC, 0xDD: return try self.readArrayHeader()
        case 0xA0...0xBF: body = try self.body(1, UInt64(head & 0x1F))
        case 0xC4, 0xD9: body = try self.body(2, self.integer(1, at: 1))
        case 0xC5, 0xDA: body = try self.body(3, self.integer(2, at: 1))
        case 0xC6, 0xDB: body = try self.body(5, self.integer(4, at: 1))
        case 0xC7...0xC9, 0xD4...0xD8: body = try self.extensionBody("an extension").body
        case 0xCC, 0xD0: body = try self.body(1, 1)
        case 0xCD, 0xD1: body = try self.body(1, 2)
        case 0xCA, 0xCE, 0xD2: body = try self.body(1, 4)
        case 0xCB, 0xCF, 0xD3: body = try self.body(1, 8)
        default: throw self.mismatch("a value")
        }
        self.position = body.endIndex
        return 0
    }

    /// One more value.
    mutating func count() throws(MessagePackError) {
        guard self.valuesLeft > 0 else { throw MessagePackError(.tooMany, "more values than are taken") }
        self.valuesLeft -= 1
    }

    /// A number as it was written.
    enum Number {
        case int(Int64), uint(UInt64), double(Double)
    }

    mutating func readNumber(_ expected: String) throws(MessagePackError) -> Number {
        let (number, size): (Number, Int) =
            switch try self.head() {
            case let head where head < 0x80: (.int(Int64(head)), 0)
            case let head where head >= 0xE0: (.int(Int64(Int8(bitPattern: head))), 0)
            case 0xCA: (.double(Double(Float(bitPattern: UInt32(try self.integer(4, at: 1))))), 4)
            case 0xCB: (.double(Double(bitPattern: try self.integer(8, at: 1))), 8)
            case 0xCC: (.uint(try self.integer(1, at: 1)), 1)
            case 0xCD: (.uint(try self.integer(2, at: 1)), 2)
            case 0xCE: (.uint(try self.integer(4, at: 1)), 4)
            case 0xCF: (.uint(try self.integer(8, at: 1)), 8)
            case 0xD0: (.int(Int64(Int8(truncatingIfNeeded: try self.integer(1, at: 1)))), 1)
            case 0xD1: (.int(Int64(Int16(truncatingIfNeeded: try self.integer(2, at: 1)))), 2)
            case 0xD2: (.int(Int64(Int32(truncatingIfNeeded: try self.integer(4, at: 1)))), 4)
            case 0xD3: (.int(Int64(bitPattern: try self.integer(8, at: 1))), 8)
            default: throw self.mismatch(expected)
            }
        self.position += 1 + size
        return number
    }

    /// The byte that says what comes next.
    func head() throws(MessagePackError) -> UInt8 {
        guard !self.isAtEnd else {
            throw MessagePackError(.truncated, "the bytes end where a value was expected")
        }
        return self.bytes[self.position]
    }

    /// An integer of `size` bytes, `offset` bytes from here.
    @inline(__always)
    private func integer(_ size: Int, at offset: Int) throws(MessagePackError) -> UInt64 {
        guard self.left >= offset + size else {
            throw MessagePackError(.truncated, "the bytes end in the middle of a value")
        }
        let start = self.position + offset - self.bytes.startIndex
        let bytes = self.bytes.span.bytes
        return switch size {
        case 1: UInt64(bytes.unsafeLoad(fromByteOffset: start, as: UInt8.self))
        case 2: UInt64(UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt16.self)))
        case 4: UInt64(UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt32.self)))
        default: UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
        }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var integer: UInt64 = 0
        for byte in bytes { integer = integer << 8 | UInt64(byte) }
        return integer
    }

    /// The `count` bytes that begin `offset` bytes from here.
    private func body(_ offset: Int, _ count: UInt64) throws(MessagePackError) -> ArraySlice<UInt8> {
        let left = self.left - offset
        guard left >= 0, count <= UInt64(left) else { throw self.truncated(count, left) }
        let start = self.position + offset
        return self.bytes[start..<start + Int(count)]
    }

    private func truncated(_ count: UInt64, _ left: Int) -> MessagePackError {
        MessagePackError(.truncated, "\(count) bytes are declared and \(max(left, 0)) are left")
    }

    private mutating func header(
        _ offset: Int, _ count: UInt64, bytesPerEntry: UInt64
    ) throws(MessagePackError) -> Int {
        let left = self.left - offset
        guard left >= 0, count * bytesPerEntry <= UInt64(left) else {
            throw MessagePackError(.truncated, "\(count) entries are declared and \(max(left, 0)) bytes are left")
        }
        self.position += offset
        return Int(count)
    }

    private func extensionBody(_ expected: String) throws(MessagePackError) -> (type: UInt8, body: ArraySlice<UInt8>) {
        let (offset, count) =
            switch try self.head() {
            case 0xC7: (2, try self.integer(1, at: 1))
            case 0xC8: (3, try self.integer(2, at: 1))
            case 0xC9: (5, try self.integer(4, at: 1))
            case let head where (0xD4...0xD8).contains(head): (1, UInt64(1) << UInt64(head - 0xD4))
            default: throw self.mismatch(expected)
            }
        return (UInt8(try self.integer(1, at: offset)), try self.body(offset + 1, count))
    }

    func mismatch(_ expected: String) -> MessagePackError {
        .mismatch(expected, self.nextKind)
    }

    /// Whether bytes that are not text come next.
    public var isAtBytes: Bool { !self.isAtEnd && (0xC4...0xC6).contains(self.bytes[self.position]) }

    /// What comes next, in a word, for messages.
    public var nextKind: String {
        guard !self.isAtEnd else { return "the end" }
        return switch self.bytes[self.position] {
        case 0x00...0x7F, 0xE0...0xFF, 0xCC...0xD3: "an integer"
        case 0x80...0x8F, 0xDE, 0xDF: "a map"
        case 0x90...0x9F, 0xDC, 0xDD: "an array"
        case 0xA0...0xBF, 0xD9...0xDB: "a string"
        case 0xC0: "nil"
        case 0xC2, 0xC3: "a boolean"
        case 0xC4...0xC6: "bytes"
        case 0xCA, 0xCB: "a number"
        case 0xC7...0xC9, 0xD4...0xD8: "an extension"
        default: "byte 0xC1, which MessagePack never uses"
        }
    }
}
