// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The decoder that types see; it reads one value's bytes.
struct ValueDecoder: Decoder {
    private let bytes: ArraySlice<UInt8>
    private let depthLimit: Int
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// - Parameters:
    ///   - bytes: Exactly one value.
    ///   - path: Where it stands.
    ///   - depthLimit: How much deeper it may nest; a type that contains itself follows the bytes down this far.
    init(_ bytes: ArraySlice<UInt8>, path: [any CodingKey], depthLimit: Int) throws(MessagePackError) {
        guard depthLimit > 0 else { throw MessagePackError(.tooDeep, "nested too deep").at(path) }
        self.bytes = bytes
        self.codingPath = path
        self.depthLimit = depthLimit
    }

    private var reader: MessagePackReader {
        MessagePackReader(self.bytes, depthLimit: self.depthLimit - 1)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(
            try Keyed(self.reader, codingPath: self.codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try Unkeyed(self.reader, codingPath: self.codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        Single(reader: self.reader, codingPath: self.codingPath)
    }

    private struct Single: SingleValueDecodingContainer {
        let reader: MessagePackReader
        let codingPath: [any CodingKey]

        func decodeNil() -> Bool {
            var reader = self.reader
            return reader.readNil()
        }

        func decode<T: Decodable>(_ type: T.Type) throws -> T {
            var reader = self.reader
            return try reader.decode(type, path: self.codingPath)
        }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        private var reader: MessagePackReader
        let codingPath: [any CodingKey]
        let count: Int?
        private(set) var currentIndex = 0

        init(_ reader: MessagePackReader, codingPath: [any CodingKey]) throws(MessagePackError) {
            self.reader = reader
            self.codingPath = codingPath
            do {
                self.count = try self.reader.readArrayHeader()
            } catch {
                throw error.at(codingPath)
            }
        }

        var isAtEnd: Bool { self.currentIndex >= self.count ?? 0 }

        private var elementPath: [any CodingKey] { self.codingPath + [AnyKey(intValue: self.currentIndex)] }

        private func expectElement() throws(MessagePackError) {
            if self.isAtEnd { throw MessagePackError(.missing, "the array has no more elements").at(self.elementPath) }
        }

        mutating func decodeNil() throws -> Bool {
            try self.expectElement()
            guard self.reader.readNil() else { return false }
            self.currentIndex += 1
            return true
        }

        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            try self.expectElement()
            let value = try self.reader.decode(type, path: self.elementPath)
            self.currentIndex += 1
            return value
        }

        private mutating func next() throws -> ValueDecoder {
            try self.expectElement()
            let decoder = try ValueDecoder(
                try self.reader.skip(), path: self.elementPath, depthLimit: self.reader.depthLimit)
            self.currentIndex += 1
            return decoder
        }

        mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
            try self.next().container(keyedBy: type)
        }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try self.next().unkeyedContainer()
        }

        mutating func superDecoder() throws -> any Decoder {
            try self.next()
        }
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        private let members: Members
        private let depthLimit: Int
        let codingPath: [any CodingKey]

        init(_ reader: MessagePackReader, codingPath: [any CodingKey]) throws(MessagePackError) {
            do {
                self.members = try Members(reader)
            } catch {
                throw error.at(codingPath)
            }
            self.depthLimit = reader.depthLimit
            self.codingPath = codingPath
        }

        var allKeys: [Key] { self.members.keys.compactMap(Key.init(stringValue:)) }

        func contains(_ key: Key) -> Bool {
            self.members.find(key.stringValue) != nil
        }

        /// A reader of a member.
        private func member(_ key: any CodingKey) throws(MessagePackError) -> MessagePackReader {
            guard let part = self.members.find(key.stringValue) else {
                throw MessagePackError(.missing, "no member '\(key.stringValue)'").at(self.codingPath)
            }
            var reader = self.members.reader
            reader.enter(part)
            return reader
        }

        func decodeNil(forKey key: Key) throws -> Bool {
            var reader = try self.member(key)
            return reader.readNil()
        }

        /// Reads a member whose type has a short way; what is wrong with it is said with its place.
        private func read<T>(
            _ key: Key, _ read: (inout MessagePackReader) throws(MessagePackError) -> T
        ) throws(MessagePackError) -> T {
            var reader = try self.member(key)
            do {
                return try read(&reader)
            } catch {
                throw error.at(self.codingPath + [key])
            }
        }

        func decode(_ type: String.Type, forKey key: Key) throws -> String {
            try self.read(key) { (reader) throws(MessagePackError) in try reader.readString() }
        }

        func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
            try self.read(key) { (reader) throws(MessagePackError) in try reader.readInt() }
        }

        func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
            try self.read(key) { (reader) throws(MessagePackError) in try reader.readDouble() }
        }

        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
            try self.read(key) { (reader) throws(MessagePackError) in try reader.readBool() }
        }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            var reader = try self.member(key)
            return try reader.decode(type, path: self.codingPath, key)
        }

        private func decoder(_ key: any CodingKey) throws -> ValueDecoder {
            try ValueDecoder(try self.member(key).remaining, path: self.codingPath + [key], depthLimit: self.depthLimit)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try self.decoder(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try self.decoder(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder {
            try self.decoder(AnyKey.super)
        }

        func superDecoder(forKey key: Key) throws -> any Decoder {
            try self.decoder(key)
        }
    }
}
