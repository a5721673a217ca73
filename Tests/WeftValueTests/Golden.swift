// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftValue

/// Values and their bytes, after the tables of the MessagePack specification.
struct Golden: Sendable, CustomTestStringConvertible {
    let value: Value
    let bytes: [UInt8]

    var testDescription: String { "\(self.value.kind) of \(self.bytes.count) bytes" }

    private init(_ value: Value, _ hex: String, then rest: [UInt8] = []) {
        self.value = value
        self.bytes = WeftValueTests.bytes(hex) + rest
    }

    private static func text(_ count: Int) -> (String, [UInt8]) {
        (String(repeating: "x", count: count), [UInt8](repeating: UInt8(ascii: "x"), count: count))
    }

    static let scalars: [Golden] = [
        Golden(.null, "c0"), Golden(false, "c2"), Golden(true, "c3"),
        Golden(0, "00"), Golden(127, "7f"), Golden(128, "cc80"), Golden(255, "ccff"), Golden(256, "cd0100"),
        Golden(65_535, "cdffff"), Golden(65_536, "ce00010000"), Golden(4_294_967_295, "ceffffffff"),
        Golden(4_294_967_296, "cf0000000100000000"), Golden(.int(.max), "cf7fffffffffffffff"),
        Golden(.uint(1 << 63), "cf8000000000000000"), Golden(.uint(.max), "cfffffffffffffffff"),
        Golden(-1, "ff"), Golden(-32, "e0"), Golden(-33, "d0df"), Golden(-128, "d080"), Golden(-129, "d1ff7f"),
        Golden(-32_768, "d18000"), Golden(-32_769, "d2ffff7fff"), Golden(-2_147_483_648, "d280000000"),
        Golden(-2_147_483_649, "d3ffffffff7fffffff"), Golden(.int(.min), "d38000000000000000"),
        Golden(1.5, "cb3ff8000000000000"), Golden(.double(-.infinity), "cbfff0000000000000"),
        Golden("", "a0"), Golden("a", "a161"), Golden("€", "a3e282ac"),
        Golden(.bytes([]), "c400"), Golden(.bytes([0, 255]), "c40200ff"),
        Golden(.date(Date(timeIntervalSince1970: 0)), "d6ff00000000"),
        Golden(.date(Date(timeIntervalSince1970: 4_294_967_295)), "d6ffffffffff"),
        Golden(.date(Date(timeIntervalSince1970: 1.5)), "d7ff7735940000000001"),
        Golden(.date(Date(timeIntervalSince1970: 4_294_967_296)), "d7ff0000000100000000"),
        Golden(.date(Date(timeIntervalSince1970: -1)), "c70cff00000000ffffffffffffffff"),
        Golden(.date(Date(timeIntervalSince1970: -0.5)), "c70cff1dcd6500ffffffffffffffff"),
        Golden(.date(Date(timeIntervalSince1970: 17_179_869_184)), "c70cff000000000000000400000000"),
    ]

    static let containers: [Golden] = [
        Golden([], "90"), Golden([1, "a", nil], "9301a161c0"), Golden([[], [[]]], "92909190"), Golden([:], "80"),
        Golden(["a": 1, "b": [:]], "82a16101a16280"),
        Golden(.array(Array(repeating: 1, count: 15)), "9f", then: Array(repeating: 1, count: 15)),
        Golden(.array(Array(repeating: 1, count: 16)), "dc0010", then: Array(repeating: 1, count: 16)),
        Golden(
            .object(Dictionary(uniqueKeysWithValues: (0..<16).map { (String(UnicodeScalar(97 + $0)), .int(1)) })),
            "de0010", then: (0..<16).flatMap { [0xA1, 97 + $0, 1] }),
        Golden(.string(Self.text(31).0), "bf", then: Self.text(31).1),
        Golden(.string(Self.text(32).0), "d920", then: Self.text(32).1),
        Golden(.string(Self.text(255).0), "d9ff", then: Self.text(255).1),
        Golden(.string(Self.text(256).0), "da0100", then: Self.text(256).1),
        Golden(.bytes(Self.text(255).1), "c4ff", then: Self.text(255).1),
        Golden(.bytes(Self.text(256).1), "c50100", then: Self.text(256).1),
    ]

    static let large: [Golden] = [
        Golden(.array(Array(repeating: 1, count: 65_536)), "dd00010000", then: Array(repeating: 1, count: 65_536)),
        Golden(.string(Self.text(65_535).0), "daffff", then: Self.text(65_535).1),
        Golden(.string(Self.text(65_536).0), "db00010000", then: Self.text(65_536).1),
        Golden(.bytes(Self.text(65_536).1), "c600010000", then: Self.text(65_536).1),
    ]

    /// Longer forms than the shortest, which others may write.
    static let readOnly: [Golden] = [
        Golden(1.5, "ca3fc00000"), Golden(1, "cc01"), Golden(1, "d001"), Golden(1, "cf0000000000000001"),
        Golden(-1, "d3ffffffffffffffff"), Golden("a", "db0000000161"), Golden([1], "dd0000000101"),
        Golden(["a": 1], "df00000001a16101"), Golden(.bytes([1]), "c60000000101"),
        Golden(.date(Date(timeIntervalSince1970: 0)), "c70cff000000000000000000000000"),
    ]

    static var small: [Golden] { Self.scalars + Self.containers }
}
