// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftValue

struct NameTests {
    @Test(arguments: [
        ("*", "order:created", true), ("*", "error", true), ("*", "new_listener", false), ("*", "weft:gap", false),
        ("order:*", "order:created", true), ("order:*", "order:", true), ("order:*", "order", false),
        ("order:*", "orders:x", false), ("weft:*", "weft:gap", true), ("new_listener", "new_listener", true),
        ("a", "a", true), ("a", "A", false), ("a:b:*", "a:b:c", true), ("a:b:*", "a:c:c", false),
    ])
    func patternMatches(pattern: String, name: String, matches: Bool) {
        #expect(EventPattern(pattern).matches(EventName(name)) == matches)
        #expect(EventPattern(pattern).description == pattern)
    }

    @Test(arguments: ["", "ord*", "*:created", "a*b", "a\u{0}b", String(repeating: "x", count: 201)])
    func patternThatMatchesNothingIsRefusedFromOutside(pattern: String) {
        #expect(throws: EventNameError.self) { try EventPattern(validating: pattern) }
    }

    @Test(arguments: ["*", "order:*", "weft:*", "weft:gap", "order:created", "error"])
    func otherPatternsAreNot(pattern: String) throws {
        #expect(try EventPattern(validating: pattern) == EventPattern(pattern))
    }

    @Test func nodeIDIsItsDigitsAndItsBytes() throws {
        let id = NodeID.random()
        #expect(id.description.count == 32)
        #expect(NodeID(id.description) == id)
        #expect(NodeID(bytes: id.bytes) == id)
        #expect(NodeID(id.description.uppercased()) == id)
        #expect(try Value(encoding: id) == .string(id.description))
        #expect(try Value.string(id.description).decode(NodeID.self) == id)
        let known = NodeID(bytes: (0..<16).map { UInt8($0) })
        #expect(known?.description == "000102030405060708090a0b0c0d0e0f")
    }

    @Test(arguments: [
        "", "0", String(repeating: "0", count: 31), String(repeating: "g", count: 32),
        "é" + String(repeating: "0", count: 30),
    ])
    func whatIsNoNodeIDIsRefused(text: String) {
        #expect(NodeID(text) == nil)
        #expect(NodeID(bytes: Array(text.utf8.prefix(15))) == nil)
    }
}
