// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import Weft
import WeftBus
import WeftValue

@testable import WeftCLI

struct EventPrinterTests {
    private static func record(
        _ name: String, _ arguments: [Value], sequence: UInt64? = 7
    ) throws -> EventRecord {
        EventRecord(
            name: EventName(name), origin: try #require(NodeID(String(repeating: "0a", count: 16))), sequence: sequence,
            time: Date(timeIntervalSince1970: 1_767_225_600.25), arguments: try MessagePack.encode(arguments)[...])
    }

    @Test func jsonIsOneObjectALineInTheDocumentedForm() throws {
        let printer = EventPrinter(isJSON: true, isColoured: false)
        let line = printer.line(try Self.record("order:\"new\"\n", ["o-1", ["total": 42], nil]))
        #expect(
            line == #"{"name":"order:\"new\"\n","arguments":["o-1",{"total":42},null],"#
                + #""origin":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","sequence":7,"time":"2026-01-01T00:00:00.250000Z"}"#)
        #expect(printer.line(try Self.record("weft:gap", [], sequence: nil)).contains("\"sequence\":null"))
    }

    @Test func textShowsGapsInWords() throws {
        let printer = EventPrinter(isJSON: false, isColoured: false)
        let origin = String(repeating: "0b", count: 16)
        #expect(
            printer.line(try Self.record("weft:gap", [.string(origin), 5, 9], sequence: nil))
                == "00:00:00.250000  0b0b0b0b#5…9  weft:gap  5 events were missed and will not come")
    }

    @Test func textFromOutsideCannotControlTheTerminal() throws {
        let printer = EventPrinter(isJSON: false, isColoured: false)
        let line = printer.line(try Self.record("a", ["\u{1B}[2J\u{7}", "\u{9B}x"]))
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) })
    }
}
