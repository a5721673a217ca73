// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import WeftBus
import WeftValue

/// Bytes as MessagePack, as JSON text, and as types: what can be read can be written and read again, and is the same.
@main
enum Arguments: FuzzTarget {
    static func check(_ bytes: [UInt8]) {
        Self.checkMessagePack(bytes)
        Self.checkJSON(bytes)
        Self.checkType(Order.self, bytes)
        Self.checkType([Order].self, bytes)
        Self.checkType([String: [Date?]].self, bytes)
        Self.checkType(Tree.self, bytes)
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        let order = Order(
            id: "o-1", count: 3, price: 9.5, isPaid: true, note: nil, tags: ["a", "b"],
            at: Date(timeIntervalSince1970: 1),
            photo: Data([0, 255]), extra: ["a": [1, nil]], small: -3, ratio: 0.5, parts: ["x": [1]], state: .open)
        let tree = Tree(name: "a", children: [Tree(name: "b", children: [])])
        let packed = try examples.golden("Tests/WeftValueTests/Golden.swift")
        return try packed + [
            MessagePack.encode(order), MessagePack.encode([order]), MessagePack.encode(tree),
            Array(try Value(encoding: order).json().utf8), Array(try Value(encoding: tree).json(pretty: true).utf8),
            Array(
                #"{"a":[1,-2.5e-3,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{},"c":[],"d":18446744073709551615}"#.utf8
            ),
        ]
    }

    private static func checkMessagePack(_ bytes: [UInt8]) {
        var reader = MessagePackReader(bytes)
        let value = try? reader.readValue()
        var skipper = MessagePackReader(bytes)
        let skipped = try? skipper.skip()
        guard let value else { return }
        expect(skipped?.count == bytes.count - reader.remaining.count, "what is read can be skipped, as far")
        let written = Self.packed(value)
        expect(written.count <= 2 * bytes.count + 16, "\(bytes.count) bytes do not become \(written.count)")
        let again = try? MessagePack.decode(Value.self, from: written)
        expect(again.map(Self.packed) == written, "a value comes back")
        // As text it has strings for bytes and dates, nothing for what is no number; and then it is what the text says.
        let text = value.json()
        guard let read = try? Value(json: text) else {
            return expect(value.depth > Value.maximumDepth, "text of a value can be read")
        }
        expect(read.json() == text, "text comes back")
        expect((try? Value(json: value.json(pretty: true))) == read, "text in lines says the same")
    }

    private static func checkJSON(_ bytes: [UInt8]) {
        let value: Value
        do throws(JSONError) {
            value = try Value(json: bytes)
        } catch {
            expect((0...bytes.count).contains(error.offset), "a fault is within the text")
            expect(error.line >= 1 && error.column >= 1 && error.column <= error.offset + 1, "a fault has a place")
            expect(error.description.utf8.count < 300, "what is wrong is said in short")
            return
        }
        expect((try? Value(json: value.json())) == value, "a value comes back from text")
        expect((try? MessagePack.decode(Value.self, from: Self.packed(value))) == value, "and from bytes")
        _ = try? value.decode(Order.self)
    }

    private static func checkType<T: Codable>(_ type: T.Type, _ bytes: [UInt8]) {
        guard let value = try? MessagePack.decode(type, from: bytes) else { return }
        guard let written = try? MessagePack.encode(value), let again = try? MessagePack.decode(type, from: written),
            let twice = try? MessagePack.encode(again)
        else { return expect(false, "a \(type) can be written and read") }
        // Maps of a type's own go in any order; as values they can be compared.
        let (first, second) = (
            try? MessagePack.decode(Value.self, from: written), try? MessagePack.decode(Value.self, from: twice)
        )
        expect(first.map(Self.packed) == second.map(Self.packed), "a \(type) comes back")
    }

    private static func packed(_ value: Value) -> [UInt8] {
        var writer = MessagePackWriter()
        writer.write(value)
        return writer.bytes
    }
}

extension Value {
    fileprivate var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.map(\.depth).max() ?? 0)
        default: 0
        }
    }
}
