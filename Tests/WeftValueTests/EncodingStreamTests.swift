// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import WeftValue

/// Types that write straight into the bytes, and those that cannot: both come out the same.
struct EncodingStreamTests {
    /// The bytes by the longer way, which needs no order.
    static func bytes(byNodes value: some Encodable) throws -> [UInt8] {
        var writer = MessagePackWriter()
        try EncodingNode(encoding: value, depth: 0).write(to: &writer)
        return writer.bytes
    }

    static func isStreamed(_ value: some Encodable) -> Bool {
        let stream = EncodingStream(MessagePackWriter())
        return (try? stream.encode(value, nil)) != nil && !stream.isOutOfOrder
    }

    @Test func bothWaysWriteTheSame() throws {
        func check(_ value: some Encodable, isStreamed: Bool = true, line: Int = #line) throws {
            let location = SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1)
            #expect(try MessagePack.encode(value) == Self.bytes(byNodes: value), sourceLocation: location)
            #expect(Self.isStreamed(value) == isStreamed, sourceLocation: location)
        }
        try check(Leaf(id: "o-1", amount: 1.5, count: -3, isPaid: true, tags: ["a", "b"], note: nil))
        try check(Tree(name: "root", children: [Tree(name: "leaf", children: []), Tree(name: "other", children: [])]))
        try check(Many(count: 15))
        try check(Many(count: 16))
        try check(Many(count: 70_000))
        try check(Pairs(count: 20))
        try check([Nothing(), Nothing()])
        try check(Wrapped(inner: Wrapped(inner: 7)))
        try check(Choice.one(text: "x"))
        try check(Interleaved(), isStreamed: false)
        try check(Lower(), isStreamed: false)
        try check(["key": Leaf(id: "", amount: 0, count: 0, isPaid: false, tags: [], note: "n")])
    }

    @Test func whatWasWrittenBeforeStaysWhenATypeFails() throws {
        var writer = MessagePackWriter()
        writer.write("before")
        let before = writer.bytes
        #expect(throws: MessagePackError.self) { try writer.encode(Failing(text: "x")) }
        #expect(writer.bytes == before)
        try writer.encode(Interleaved())
        #expect(writer.bytes == before + (try Self.bytes(byNodes: Interleaved())))
    }

    @Test func theFailureSaysWhere() {
        do {
            _ = try MessagePack.encode(["list": [Failing(text: "x")]])
            Issue.record("it was encoded")
        } catch {
            #expect(error.path == "list.[0].text")
        }
    }

    @Test func membersComeInAnyOrderAndManyOfThem() throws {
        var writer = MessagePackWriter()
        writer.writeMapHeader(4)
        for (key, value) in [("d", 4), ("b", 2), ("a", 1), ("c", 3)] {
            writer.write(key)
            writer.write(value)
        }
        #expect(try MessagePack.decode(Letters.self, from: writer.bytes) == Letters(a: 1, b: 2, c: 3, d: 4))
        let many = Dictionary(uniqueKeysWithValues: (0..<200).map { ("k\($0)", $0) })
        let bytes = try MessagePack.encode(many)
        #expect(try MessagePack.decode(Letter.self, from: bytes) == Letter(k150: 150, k3: 3))
    }
}

private struct Leaf: Codable {
    var id: String, amount: Double, count: Int, isPaid: Bool, tags: [String], note: String?
}

private struct Tree: Encodable {
    var name: String, children: [Tree]
}

private struct Letters: Codable, Equatable {
    var a: Int, b: Int, c: Int, d: Int
}

private struct Letter: Codable, Equatable {
    var k150: Int, k3: Int
}

private struct Nothing: Encodable {
    func encode(to encoder: any Encoder) {}
}

private enum Choice: Encodable { case one(text: String) }

private struct Wrapped<Inner: Encodable>: Encodable {
    let inner: Inner
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.inner)
    }
}

private struct Many: Encodable {
    let count: Int
    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        for n in 0..<self.count { try container.encode(Wrapped(inner: n)) }
    }
}

private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

private struct Pairs: Encodable {
    let count: Int
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for n in 0..<self.count {
            var nested = container.nestedContainer(keyedBy: Name.self, forKey: Name(stringValue: "k\(n)"))
            try nested.encode(n, forKey: Name(stringValue: "n"))
            var list = nested.nestedUnkeyedContainer(forKey: Name(stringValue: "list"))
            try list.encode("x")
        }
    }
}

/// Goes on with a container while one inside it is open.
private struct Interleaved: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        var nested = container.nestedContainer(keyedBy: Name.self, forKey: Name(stringValue: "nested"))
        try nested.encode(1, forKey: Name(stringValue: "one"))
        try container.encode(2, forKey: Name(stringValue: "two"))
        try nested.encode(3, forKey: Name(stringValue: "three"))
    }
}

private class Upper: Encodable {
    var upper = 1
}

private final class Lower: Upper {
    var lower = 2
    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        try container.encode(self.lower, forKey: Name(stringValue: "lower"))
        try super.encode(to: container.superEncoder())
    }
}

private struct Failing: Encodable {
    let text: String
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        try container.encode(self.text, forKey: Name(stringValue: "other"))
        try container.encode(Refusing(), forKey: Name(stringValue: "text"))
    }
}

private struct Refusing: Encodable {
    func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            0, .init(codingPath: encoder.codingPath, debugDescription: "it does not want to"))
    }
}
