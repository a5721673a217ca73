// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ServerSentEvents
import Testing

/// A stream and what it stands for, however it is cut into pieces.
struct Fixture: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let expected: [EventStreamElement]
    let lastEventID: String
    let retry: Duration?

    init(
        _ name: String, _ bytes: [UInt8], _ events: [ServerSentEvent], lastEventID: String = "", retry: Duration? = nil
    ) {
        self.testDescription = name
        self.bytes = bytes
        self.expected = events.map { .event($0) }
        self.lastEventID = lastEventID
        self.retry = retry
    }

    init(
        _ name: String, _ text: String, _ events: [ServerSentEvent], lastEventID: String = "", retry: Duration? = nil
    ) {
        self.init(name, Array(text.utf8), events, lastEventID: lastEventID, retry: retry)
    }
}

extension Fixture {
    static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    static func bytes(_ parts: [UInt8]...) -> [UInt8] {
        parts.flatMap(\.self)
    }

    static let all: [Fixture] = Self.lines + Self.fields + Self.encoding

    static let lines: [Fixture] = [
        Fixture("nothing", "", []),
        Fixture("one event", "data: a\n\n", [.init(data: "a")]),
        Fixture(
            "line feeds, returns and both", "data: a\n\ndata: b\r\rdata: c\r\n\r\n",
            ["a", "b", "c"].map { .init(data: $0) }),
        Fixture("mixed line ends in one event", "data: a\rdata: b\ndata: c\r\n\n", [.init(data: "a\nb\nc")]),
        Fixture(
            "return, then line feed after an empty line", "data: a\r\r\ndata: b\n\n",
            [.init(data: "a"), .init(data: "b")]),
        Fixture("line feed, then return are two ends", "data: a\n\rdata: b\n\n", [.init(data: "a"), .init(data: "b")]),
        Fixture("only empty lines", "\n\r\n\r\r\n\n", []),
        Fixture("unfinished line is dropped", "data: a\n\ndata: b", [.init(data: "a")]),
        Fixture("unfinished event is dropped", "data: a\n\nid: 9\ndata: b\n", [.init(data: "a")]),
        Fixture("event ends with a return at the end of the stream", "data: a\r\r", [.init(data: "a")]),
        Fixture(
            "lines around eight bytes long", "data:1\ndata:12\ndata:123\ndata:1234\ndata:12345678901\n\n",
            [.init(data: "1\n12\n123\n1234\n12345678901")]),
        Fixture(
            "bytes next to line ends in value", "data: \u{09}\u{0B}\u{0C}\u{0E}\u{8A}\u{8D}\n\n",
            [.init(data: "\u{09}\u{0B}\u{0C}\u{0E}\u{8A}\u{8D}")]),
        Fixture(
            "a comment between, before and after", ": hello\ndata: a\n:\n: data: x\n\n:keep-alive\n\n",
            [.init(data: "a")]),
        Fixture(
            "a long line", "data: " + String(repeating: "x", count: 500) + "\n\n",
            [.init(data: String(repeating: "x", count: 500))]),
    ]

    static let fields: [Fixture] = [
        Fixture("no space after the colon", "data:a\n\n", [.init(data: "a")]),
        Fixture("only one space goes", "data:  a \n\n", [.init(data: " a ")]),
        Fixture("colons in the value stay", "data: a:b: c\n\n", [.init(data: "a:b: c")]),
        Fixture("data without a colon is an empty line", "data\n\n", [.init(data: "")]),
        Fixture("two empty data lines make one line feed", "data\ndata:\n\n", [.init(data: "\n")]),
        Fixture("an empty first line of data stays", "data:\ndata: a\n\n", [.init(data: "\na")]),
        Fixture("an empty last line of data stays", "data: a\ndata: \n\n", [.init(data: "a\n")]),
        Fixture("a name", "event: add\ndata: a\n\n", [.init(name: "add", data: "a")]),
        Fixture("the last name wins", "event: add\nevent: drop\ndata: a\n\n", [.init(name: "drop", data: "a")]),
        Fixture("an empty name is message", "event: add\nevent:\ndata: a\n\n", [.init(data: "a")]),
        Fixture("a name without data is forgotten", "event: add\n\ndata: a\n\n", [.init(data: "a")]),
        Fixture("the name may follow the data", "data: a\nevent: add\n\n", [.init(name: "add", data: "a")]),
        Fixture("names of fields are case-sensitive", "Data: a\nDATA: b\ndata: c\n\n", [.init(data: "c")]),
        Fixture("a space before the name makes it unknown", " data: a\ndata : b\ndata: c\n\n", [.init(data: "c")]),
        Fixture("unknown fields mean nothing", "foo: 1\ndatas: 2\ndat: 3\nbar\n\n", []),
        Fixture(
            "ids carry over", "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
            [.init(data: "a", id: "1"), .init(data: "b", id: "1"), .init(data: "c", id: "2")], lastEventID: "2"),
        Fixture("an id counts without data", "id: 7\n\n", [], lastEventID: "7"),
        Fixture("an id counts only at the empty line", "id: 7\n\nid: 8\n", [], lastEventID: "7"),
        Fixture(
            "an empty id clears", "id: 7\ndata: a\n\nid\ndata: b\n\n", [.init(data: "a", id: "7"), .init(data: "b")]),
        Fixture(
            "an id with NUL is ignored", "id: 7\n\nid: 8\u{0}\ndata: a\n\n", [.init(data: "a", id: "7")],
            lastEventID: "7"),
        Fixture("retry", "retry: 1500\n\n", [], retry: .milliseconds(1500)),
        Fixture("retry counts before the empty line", "retry: 1500\n", [], retry: .milliseconds(1500)),
        Fixture("retry may be 0", "retry: 20\nretry: 0\n", [], retry: .zero),
        Fixture(
            "retry takes digits only",
            "retry: 7\nretry: +5\nretry: -1\nretry: 5ms\nretry:\nretry: 1.5\nretry:  9\nretry: ٣\n", [],
            retry: .milliseconds(7)),
        Fixture("retry that no integer holds is ignored", "retry: 99999999999999999999\n", []),
    ]

    static let encoding: [Fixture] = [
        Fixture("a byte order mark is dropped", Self.bytes(Self.mark, Array("data: a\n\n".utf8)), [.init(data: "a")]),
        Fixture(
            "only one mark is dropped", Self.bytes(Self.mark, Self.mark, Array("data: a\ndata: b\n\n".utf8)),
            [.init(data: "b")]),
        Fixture(
            "a mark later on is part of its line",
            Self.bytes(Array("data: a\n\n".utf8), Self.mark, Array("data: b\n\n".utf8)), [.init(data: "a")]),
        Fixture(
            "a mark in data stays", Self.bytes(Array("data: ".utf8), Self.mark, Array("\n\n".utf8)),
            [.init(data: "\u{FEFF}")]),
        Fixture(
            "the start of a mark is not one", Self.bytes([0xEF, 0xBB], Array("data: a\ndata: b\n\n".utf8)),
            [.init(data: "b")]),
        Fixture("a mark alone", Self.mark, []),
        Fixture(
            "characters of every length", "event: é\nid: 漢\ndata: é漢😀e\u{301}\n\n",
            [.init(name: "é", data: "é漢😀e\u{301}", id: "漢")], lastEventID: "漢"),
        Fixture("NUL in data stays", "data: a\u{0}b\n\n", [.init(data: "a\u{0}b")]),
        Fixture(
            "a lone byte that is never UTF-8", Self.bytes(Array("data: a".utf8), [0xFF], Array("b\n\n".utf8)),
            [.init(data: "a\u{FFFD}b")]),
        Fixture(
            "a character cut short by a line end",
            Self.bytes(Array("data: ".utf8), [0xE6, 0xBC], Array("\ndata: b\n\n".utf8)), [.init(data: "\u{FFFD}\nb")]),
        Fixture(
            "a continuation without a start", Self.bytes(Array("data: ".utf8), [0x80, 0xBF], Array("\n\n".utf8)),
            [.init(data: "\u{FFFD}\u{FFFD}")]),
        Fixture(
            "an overlong form", Self.bytes(Array("data: ".utf8), [0xC0, 0xAF], Array("\n\n".utf8)),
            [.init(data: "\u{FFFD}\u{FFFD}")]),
        Fixture(
            "a surrogate", Self.bytes(Array("data: ".utf8), [0xED, 0xA0, 0x80], Array("\n\n".utf8)),
            [.init(data: "\u{FFFD}\u{FFFD}\u{FFFD}")]),
        Fixture(
            "bad bytes in a field's name", Self.bytes(Array("dat".utf8), [0xFF], Array("a: x\ndata: a\n\n".utf8)),
            [.init(data: "a")]),
    ]
}
