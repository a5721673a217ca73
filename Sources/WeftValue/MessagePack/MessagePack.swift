// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Codable types in MessagePack.
///
/// Strings, numbers, booleans, bytes (`[UInt8]` and `Data`), dates, ``Value``, and optionals, arrays and dictionaries
/// of these are written straight; other types go through an encoder, with keyed containers as maps with string keys.
public enum MessagePack {
    /// How deep arrays and maps may nest: what JSON text may (``Value/maximumDepth``), and room for the envelopes
    /// around it.
    public static let depthLimit = 96

    /// The bytes of a value.
    ///
    /// - Throws: ``MessagePackError`` when the type's own encoding fails or nests too deep.
    public static func encode<T: Encodable>(_ value: T) throws(MessagePackError) -> [UInt8] {
        var writer = MessagePackWriter()
        try writer.encode(value)
        return writer.bytes
    }

    /// A value from its bytes, all of them.
    ///
    /// - Throws: ``MessagePackError`` saying what was expected and found, and where.
    public static func decode<T: Decodable>(
        _ type: T.Type = T.self, from bytes: ArraySlice<UInt8>
    ) throws(MessagePackError) -> T {
        var reader = MessagePackReader(bytes)
        let value = try reader.decode(type)
        try reader.expectEnd()
        return value
    }

    /// A value from its bytes, all of them.
    ///
    /// - Throws: ``MessagePackError`` saying what was expected and found, and where.
    public static func decode<T: Decodable>(
        _ type: T.Type = T.self, from bytes: [UInt8]
    ) throws(MessagePackError) -> T {
        try self.decode(type, from: bytes[...])
    }
}

extension MessagePackWriter {
    /// Writes a value of a `Codable` type.
    ///
    /// - Throws: ``MessagePackError`` when the type's own encoding fails; then nothing has been written.
    public mutating func encode<T: Encodable>(_ value: T) throws(MessagePackError) {
        if let direct = value as? any MessagePackDirect {
            let count = self.bytes.count
            do {
                try direct.write(to: &self)
            } catch {
                self.truncate(to: count)
                throw error
            }
        } else if !self.stream(value) {
            try EncodingNode(encoding: value, depth: 0).write(to: &self)
        }
    }

    /// Writes a value as its type hands it over.
    ///
    /// - Returns: False when that cannot be; then nothing has been written.
    private mutating func stream(_ value: some Encodable) -> Bool {
        let count = self.bytes.count
        var taken = MessagePackWriter()
        swap(&taken, &self)
        let stream = EncodingStream(consume taken)
        let isDone = (try? stream.encode(value, nil)) != nil && !stream.isOutOfOrder
        swap(&self, &stream.writer)
        if !isDone { self.truncate(to: count) }
        return isDone
    }
}

extension MessagePackReader {
    /// Reads a value of a `Codable` type; on failure the reader stays where it was.
    ///
    /// - Throws: ``MessagePackError`` saying what was expected and found, and where.
    public mutating func decode<T: Decodable>(_ type: T.Type = T.self) throws(MessagePackError) -> T {
        try self.decode(type, path: [])
    }

    /// - Parameter key: Where it stands below `path`; apart, because a path is needed only when something goes wrong.
    mutating func decode<T: Decodable>(
        _ type: T.Type, path: [any CodingKey], _ key: (any CodingKey)? = nil
    ) throws(MessagePackError) -> T {
        let start = self
        do {
            // The commonest, because to ask the runtime for a conformance takes as long as to read several values.
            if T.self == [String].self {
                let strings = try [String].read(from: &self)
                if let strings = strings as? T { return strings }
            }
            if let direct = type as? any MessagePackDirect.Type {
                guard let value = try direct.read(from: &self) as? T else {
                    throw MessagePackError.mismatch("\(type)", start.nextKind)
                }
                return value
            }
            let bytes = try self.skip()
            return try type.init(
                from: ValueDecoder(bytes, path: key.map { path + [$0] } ?? path, depthLimit: self.depthLimit))
        } catch {
            self = start
            throw MessagePackError(decoding: error).at(key.map { path + [$0] } ?? path)
        }
    }
}
