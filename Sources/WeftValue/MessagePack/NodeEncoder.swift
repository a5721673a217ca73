// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The encoder that types see; it fills an ``EncodingNode``.
struct NodeEncoder: Encoder {
    let node: EncodingNode
    var codingPath: [any CodingKey] { self.node.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        self.node.becomeMap()
        return KeyedEncodingContainer(Keyed(node: self.node))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        self.node.becomeArray()
        return Unkeyed(node: self.node)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        Single(node: self.node)
    }

    private struct Single: SingleValueEncodingContainer {
        let node: EncodingNode
        var codingPath: [any CodingKey] { self.node.path }

        func encodeNil() {
            self.node.encodeNil()
        }

        func encode<T: Encodable>(_ value: T) throws {
            try self.node.encode(value)
        }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let node: EncodingNode
        var codingPath: [any CodingKey] { self.node.path }
        var count: Int { self.node.count }

        func encodeNil() {
            self.node.child().encodeNil()
        }

        func encode<T: Encodable>(_ value: T) throws {
            try self.node.child().encode(value)
        }

        func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            NodeEncoder(node: self.node.child()).container(keyedBy: type)
        }

        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            NodeEncoder(node: self.node.child()).unkeyedContainer()
        }

        func superEncoder() -> any Encoder {
            NodeEncoder(node: self.node.child())
        }
    }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let node: EncodingNode
        var codingPath: [any CodingKey] { self.node.path }

        func encodeNil(forKey key: Key) {
            self.node.child(key).encodeNil()
        }

        func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
            try self.node.child(key).encode(value)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            NodeEncoder(node: self.node.child(key)).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            NodeEncoder(node: self.node.child(key)).unkeyedContainer()
        }

        func superEncoder() -> any Encoder {
            NodeEncoder(node: self.node.child(AnyKey.super))
        }

        func superEncoder(forKey key: Key) -> any Encoder {
            NodeEncoder(node: self.node.child(key))
        }
    }
}
