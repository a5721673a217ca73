// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FuzzKit
import ServerSentEvents

/// A stream of events, cut into pieces: the pieces never matter, and no event is larger than the limit.
@main
enum EventStream: FuzzTarget {
    static func check(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        let limit = [1, 2, 7, 16, 64, 5000, EventStreamParser.defaultMaximumEventBytes][source.below(7)]
        let sizes = (0..<4).map { _ in 1 + source.below(40) }
        let stream = source.remainder()

        var whole = EventStreamParser(lastEventID: "0", maximumEventBytes: limit)
        let expected = whole.append(stream)
        var parser = EventStreamParser(lastEventID: "0", maximumEventBytes: limit)
        var elements: [EventStreamElement] = []
        var rest = stream[...]
        var turn = 0
        while !rest.isEmpty {
            elements += parser.append(rest.prefix(sizes[turn % sizes.count]))
            rest = rest.dropFirst(sizes[turn % sizes.count])
            turn += 1
        }
        expect(elements == expected, "pieces give the same elements")
        expect(
            parser.lastEventID == whole.lastEventID && parser.retry == whole.retry
                && parser.oversizedEvents == whole.oversizedEvents, "pieces leave the same state")

        // A byte that is no text becomes a character of three; an event without a name is a "message".
        for element in expected {
            switch element {
            case .event(let event):
                expect(event.data.utf8.count <= 3 * limit, "data within the limit")
                expect(event.name.utf8.count <= max(7, 3 * limit) && !event.name.isEmpty, "a name within the limit")
                expect(event.id.utf8.count <= max(1, 3 * limit) && !event.id.utf8.contains(0), "an id within the limit")
            case .oversized(let name, _, let count, let start):
                expect(count > limit, "what is dropped is too large")
                expect(
                    start.utf8.count <= 3 * 4096 && name.utf8.count <= max(7, 3 * limit), "what is kept of it is little"
                )
            }
        }
        let told = expected.count { if case .oversized = $0 { true } else { false } }
        expect(whole.oversizedEvents == UInt64(told), "what is dropped is counted")

        // Another stream of the same source begins as if nothing were unfinished.
        whole.restart()
        var fresh = EventStreamParser(lastEventID: whole.lastEventID, maximumEventBytes: limit)
        expect(whole.append(stream) == fresh.append(stream), "a stream after another one is read as alone")
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        let plan: [UInt8] = [6, 2, 10, 3, 30]
        let own = [
            "\u{FEFF}: hello\r\nevent: a\rdata: 1\ndata:2\nid: 7\nretry: 10\n\n", "data\n\ndata\ndata\n\n",
            "id\ndata: x\n\nid: a\u{0}b\ndata: y\n\n", "retry: 99999999999999999999\nretry: 1x\nfoo: bar\n\n",
        ]
        return try (examples.platform().texts(named: "sse_text") + own).flatMap { text in
            [plan + Array(text.utf8), [4, 1, 1, 1, 1] + Array(text.utf8)]
        }
    }
}
