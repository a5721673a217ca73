// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ServerSentEvents
import Testing

struct FuzzTests {
    @Test func anyBytesInAnyPiecesGiveTheSame() {
        var numbers = SystemRandomNumberGenerator()
        let pieces: [[UInt8]] =
            [
                "data: x", "data", "event: e", "id: 1", "id: \0", "retry: 99999999999999999999", "retry: 5", ": c",
                "\n",
                "\r", "\r\n", ":", " ", "\u{FEFF}", "data:" + String(repeating: "y", count: 70),
            ].map { Array($0.utf8) } + [[0xFF], [0xEF], [0xEF, 0xBB], [0xC3]]
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &numbers)).flatMap { _ in pieces.randomElement() ?? [] }
            var whole = EventStreamParser(maximumEventBytes: 64)
            let expected = whole.append(bytes)
            var pieced = EventStreamParser(maximumEventBytes: 64)
            var found: [EventStreamElement] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...9, using: &numbers))
                found += pieced.append(piece)
                rest = rest.dropFirst(piece.count)
            }
            #expect(found == expected, "\(bytes)")
            #expect(pieced.lastEventID == whole.lastEventID, "\(bytes)")
            #expect(pieced.retry == whole.retry, "\(bytes)")
            #expect(pieced.oversizedEvents == whole.oversizedEvents, "\(bytes)")
        }
    }
}
