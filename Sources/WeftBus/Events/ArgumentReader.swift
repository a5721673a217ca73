// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// Reads an event's arguments one by one.
@usableFromInline
struct ArgumentReader {
    @usableFromInline var reader: MessagePackReader
    @usableFromInline var left = 0

    init(_ bytes: ArraySlice<UInt8>) throws(MessagePackError) {
        self.reader = MessagePackReader(bytes)
        if !bytes.isEmpty { self.left = try self.reader.readArrayHeader() }
    }

    /// A reader of parts, none of which it has entered yet.
    init(of reader: MessagePackReader) {
        self.reader = reader
    }

    /// Goes on with the arguments of another event in the same bytes.
    mutating func enter(_ part: Range<Int>) throws(MessagePackError) {
        self.reader.enter(part)
        self.left = part.isEmpty ? 0 : try self.reader.readArrayHeader()
    }

    /// The next argument; one that is missing is nil if its type allows.
    @inlinable
    mutating func next<T: Decodable>(_ type: T.Type) throws(MessagePackError) -> T {
        guard self.left > 0 else { return try Self.missing(type) }
        self.left -= 1
        return try ArgumentCoding.read(type, from: &self.reader)
    }

    @usableFromInline
    static func missing<T: Decodable>(_ type: T.Type) throws(MessagePackError) -> T {
        guard type is any OptionalArgument.Type else {
            throw MessagePackError(.missing, "an argument of type \(type) is missing")
        }
        var absent = MessagePackReader([0xC0])
        return try absent.decode(type)
    }

    /// All arguments that have not been read yet.
    mutating func values() throws(MessagePackError) -> [Value] {
        var values: [Value] = []
        while self.left > 0 {
            self.left -= 1
            values.append(try self.reader.readValue())
        }
        return values
    }

    /// The kinds of the arguments, for messages.
    static func kinds(_ bytes: ArraySlice<UInt8>) -> String {
        guard var arguments = try? ArgumentReader(bytes) else { return "no array of arguments" }
        var kinds: [String] = []
        while arguments.left > 0 {
            guard kinds.count < 16 else { return "(\(kinds.joined(separator: ", ")), …)" }
            arguments.left -= 1
            kinds.append(arguments.reader.nextKind)
            guard (try? arguments.reader.skip()) != nil else { break }
        }
        return "(\(kinds.joined(separator: ", ")))"
    }
}

/// A type whose absence is a value.
private protocol OptionalArgument {}
extension Optional: OptionalArgument {}
