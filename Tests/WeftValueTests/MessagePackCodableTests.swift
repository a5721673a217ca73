// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftValue

struct MessagePackCodableTests {
    @Test func typeComesBackAsItWas() throws {
        let order = Order(
            id: 7, total: 42.5, placed: Date(timeIntervalSince1970: 1_767_225_600.25), tags: ["a", nil, "c"],
            digest: [1, 2, 3], attachment: Data([4, 5]), customer: Customer(name: "Ada", address: nil),
            state: .shipped(by: "ship", parcels: 3), prices: ["a": 1.5], byNumber: [1: "one"],
            any: ["x": [1, nil, true]],
            key: UUID())
        #expect(try MessagePack.decode(Order.self, from: MessagePack.encode(order)) == order)
        #expect(try Value(encoding: order).decode(Order.self) == order)
        #expect(try MessagePack.decode([Order?].self, from: MessagePack.encode([order, nil])) == [order, nil])
    }

    @Test func ofTwoMembersOfOneNameTheLastCountsWithATypeAndWithout() throws {
        struct Pair: Decodable {
            let a: Int
            let b: Int
        }
        for filling in [0, 20] {
            var writer = MessagePackWriter()
            writer.writeMapHeader(3 + filling)
            for (key, number) in [("a", 1), ("b", 2)] + (0..<filling).map({ ("x\($0)", 0) }) + [("a", 3)] {
                writer.write(key)
                writer.write(Int64(number))
            }
            let pair = try MessagePack.decode(Pair.self, from: writer.bytes)
            #expect(pair.a == 3 && pair.b == 2)
            var reader = MessagePackReader(writer.bytes)
            #expect(try reader.readValue()["a"] == 3)
        }
    }

    @Test func scalarsAreWrittenWithoutAnEncoder() throws {
        #expect(try MessagePack.encode("a") == bytes("a161"))
        #expect(try MessagePack.encode(UInt64.max) == bytes("cfffffffffffffffff"))
        #expect(try MessagePack.encode([UInt8]([1, 2])) == bytes("c4020102"))
        #expect(try MessagePack.encode([Int]()) == bytes("90"))
        #expect(try MessagePack.encode(Optional<Int>.none) == bytes("c0"))
        #expect(try MessagePack.encode([1, nil] as [Int?]) == bytes("9201c0"))
        #expect(try MessagePack.encode(["b": true, "a": false]) == bytes("82a161c2a162c3"))
        #expect(try MessagePack.decode(Int?.self, from: bytes("c0")) == nil)
        #expect(try MessagePack.decode(Int??.self, from: bytes("05")) == 5)
        #expect(try MessagePack.decode([UInt8].self, from: bytes("920102")) == [1, 2])
    }

    @Test func subclassSharesItsContainerWithItsSuperclass() throws {
        let dog = try MessagePack.decode(Dog.self, from: MessagePack.encode(Dog(name: "Rex", tricks: 3)))
        #expect(dog.name == "Rex")
        #expect(dog.tricks == 3)
    }

    @Test func typeThatEncodesNothingIsAnEmptyMap() throws {
        #expect(try MessagePack.encode(Nothing()) == bytes("80"))
        _ = try MessagePack.decode(Nothing.self, from: bytes("80"))
    }

    @Test func valuesFromJSONTextFitTypedReceivers() throws {
        let json = try Value(json: #"{"when":"2026-01-31T12:00:00.5+02:00","data":"AQI=","count":42.0}"#)
        let typed = try json.decode(Typed.self)
        #expect(typed.when == Date(rfc3339: "2026-01-31T10:00:00.5Z"))
        #expect(typed.data == Data([1, 2]))
        #expect(typed.count == 42)
    }

    @Test func errorSaysWhatAndWhere() {
        let value: Value = ["customer": ["name": 5]]
        let error = #expect(throws: MessagePackError.self) { try value.decode(Sale.self) }
        #expect(error?.code == .typeMismatch)
        #expect(error?.description == "expected a string, found an integer at customer.name")
        let missing = #expect(throws: MessagePackError.self) { try (["customer": [:]] as Value).decode(Sale.self) }
        #expect(missing?.description == "no member 'name' at customer")
        let element = #expect(throws: MessagePackError.self) {
            try ([["customer": ["name": "a"]], 1] as Value).decode([Sale].self)
        }
        #expect(element?.description == "expected a map, found an integer at [1]")
    }

    @Test func failedEncodingLeavesNothingBehind() {
        var writer = MessagePackWriter()
        writer.write("kept")
        #expect(throws: MessagePackError.self) { try writer.encode([Refuser()]) }
        #expect(throws: MessagePackError.self) { try writer.encode(Refuser()) }
        #expect(writer.bytes == bytes("a46b657074"))
    }

    @Test func containersThatStayOpenStandWhereTheyWereAskedFor() throws {
        struct Interleaved: Encodable {
            enum Keys: String, CodingKey { case first, second, third }
            func encode(to encoder: any Encoder) throws {
                var outer = encoder.container(keyedBy: Keys.self)
                var first = outer.nestedUnkeyedContainer(forKey: .first)
                try outer.encode("between", forKey: .second)
                var third = outer.nestedContainer(keyedBy: Keys.self, forKey: .third)
                try first.encode(1)
                try third.encode(true, forKey: .first)
                try first.encode(["x"])
                try third.encodeNil(forKey: .second)
            }
        }
        let bytes = try MessagePack.encode(Interleaved())
        var reader = MessagePackReader(bytes)
        #expect(
            try reader.readValue()
                == ["first": [1, ["x"]], "second": "between", "third": ["first": true, "second": nil]])
        // In the order in which they were begun, too.
        #expect(bytes.dropFirst().starts(with: [0xA5] + "first".utf8))
    }

    @Test func valueGoesThroughOtherCodersToo() throws {
        let value: Value = ["a": [1, 2.5, nil, true, "x"], "b": .uint(.max)]
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(Value.self, from: data) == value)
    }
}

private struct Order: Codable, Equatable {
    var id: Int
    var total: Double
    var placed: Date
    var tags: [String?]
    var digest: [UInt8]
    var attachment: Data
    var customer: Customer
    var state: State
    var prices: [String: Double]
    var byNumber: [Int: String]
    var any: Value
    var key: UUID

    enum State: Codable, Equatable {
        case open
        case shipped(by: String, parcels: Int)
    }
}

private struct Customer: Codable, Equatable {
    var name: String
    var address: String?
}

private struct Sale: Codable {
    var customer: Customer
}

private struct Typed: Codable {
    var when: Date
    var data: Data
    var count: Int
}

private struct Nothing: Codable {}

private struct Refuser: Codable {
    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(self, .init(codingPath: [], debugDescription: "never"))
    }
}

private class Animal: Codable {
    var name: String

    init(name: String) {
        self.name = name
    }
}

private final class Dog: Animal {
    var tricks: Int
    private enum CodingKeys: CodingKey { case tricks }

    init(name: String, tricks: Int) {
        self.tricks = tricks
        super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
        self.tricks = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .tricks)
        try super.init(from: decoder)
    }

    override func encode(to encoder: any Encoder) throws {
        try super.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.tricks, forKey: .tricks)
    }
}
