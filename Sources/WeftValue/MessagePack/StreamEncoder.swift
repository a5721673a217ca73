// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The encoder that types see first; it fills an ``EncodingStream``.
struct StreamEncoder: Encoder {
    let stream: EncodingStream
    /// How many containers are around the value.
    let level: Int
    /// Where the value begins.
    let start: Int
    let key: (any CodingKey)?
    var codingPath: [any CodingKey] { self.stream.path(self.level, self.key) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let id = self.stream.open(isMap: true, level: self.level, start: self.start, key: self.key)
        return KeyedEncodingContainer(Keyed(stream: self.stream, level: self.level, id: id))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        let id = self.stream.open(isMap: false, level: self.level, start: self.start, key: self.key)
        return Unkeyed(stream: self.stream, level: self.level, id: id)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        Single(encoder: self)
    }

    /// The encoder of a value that comes next.
    private static func next(_ stream: EncodingStream, _ key: any CodingKey) -> StreamEncoder {
        StreamEncoder(stream: stream, level: stream.level, start: stream.writer.bytes.count, key: key)
    }

    private struct Single: SingleValueEncodingContainer {
        let encoder: StreamEncoder
        var codingPath: [any CodingKey] { self.encoder.codingPath }

        func encodeNil() {
            self.begin()
            self.encoder.stream.writer.writeNil()
        }

        func encode<T: Encodable>(_ value: T) throws {
            self.begin()
            try self.encoder.stream.encode(value, self.encoder.key)
        }

        /// There is one value and no second.
        private func begin() {
            if self.encoder.stream.writer.bytes.count != self.encoder.start { self.encoder.stream.giveUp() }
        }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let stream: EncodingStream
        let level: Int
        let id: Int
        var codingPath: [any CodingKey] { self.stream.path(self.level + 1, nil) }
        var count: Int { self.stream.count(self.level, self.id) }

        private func next() -> AnyKey {
            let key = AnyKey(intValue: self.count)
            self.stream.next(self.level, self.id)
            return key
        }

        func encodeNil() {
            _ = self.next()
            self.stream.writer.writeNil()
        }

        func encode<T: Encodable>(_ value: T) throws {
            try self.stream.encode(value, self.next())
        }

        func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            StreamEncoder.next(self.stream, self.next()).container(keyedBy: type)
        }

        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            StreamEncoder.next(self.stream, self.next()).unkeyedContainer()
        }

        func superEncoder() -> any Encoder {
            // It may come to nothing, and that shows only in the end.
            self.stream.giveUp()
            return StreamEncoder.next(self.stream, self.next())
        }
    }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let stream: EncodingStream
        let level: Int
        let id: Int
        var codingPath: [any CodingKey] { self.stream.path(self.level + 1, nil) }

        private func next(_ key: some CodingKey) {
            self.stream.next(self.level, self.id, key.stringValue)
        }

        func encodeNil(forKey key: Key) {
            self.next(key)
            self.stream.writer.writeNil()
        }

        // The commonest: to ask the runtime whether a type has a short way takes longer than to write its value.

        func encode(_ value: String, forKey key: Key) {
            self.next(key)
            self.stream.writer.write(value)
        }

        func encode(_ value: Int, forKey key: Key) {
            self.next(key)
            self.stream.writer.write(value)
        }

        func encode(_ value: Double, forKey key: Key) {
            self.next(key)
            self.stream.writer.write(value)
        }

        func encode(_ value: Bool, forKey key: Key) {
            self.next(key)
            self.stream.writer.write(value)
        }

        func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
            self.next(key)
            if T.self == [String].self, let strings = value as? [String] {
                self.stream.writer.writeArrayHeader(strings.count)
                for string in strings { self.stream.writer.write(string) }
            } else {
                try self.stream.encode(value, key)
            }
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            self.next(key)
            return StreamEncoder.next(self.stream, key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            self.next(key)
            return StreamEncoder.next(self.stream, key).unkeyedContainer()
        }

        func superEncoder() -> any Encoder {
            self.stream.giveUp()
            self.next(AnyKey.super)
            return StreamEncoder.next(self.stream, AnyKey.super)
        }

        func superEncoder(forKey key: Key) -> any Encoder {
            self.stream.giveUp()
            self.next(key)
            return StreamEncoder.next(self.stream, key)
        }
    }
}
