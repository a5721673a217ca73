// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ServerSentEvents
import Testing

struct EventStreamParserTests {
    private func expect(
        _ fixture: Fixture, in pieces: [ArraySlice<UInt8>], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var parser = EventStreamParser()
        var elements: [EventStreamElement] = []
        for piece in pieces {
            elements += parser.append(piece)
        }
        #expect(elements == fixture.expected, "cut into \(pieces.map(\.count))", sourceLocation: sourceLocation)
        #expect(parser.lastEventID == fixture.lastEventID, sourceLocation: sourceLocation)
        #expect(parser.retry == fixture.retry, sourceLocation: sourceLocation)
    }

    @Test(arguments: Fixture.all)
    func readsAStreamInOnePiece(_ fixture: Fixture) {
        self.expect(fixture, in: [fixture.bytes[...]])
    }

    @Test(arguments: Fixture.all)
    func readsTheSameByteByByte(_ fixture: Fixture) {
        self.expect(fixture, in: fixture.bytes.indices.map { fixture.bytes[$0...$0] })
    }

    @Test(arguments: Fixture.all)
    func readsTheSameCutAnywhereInTwo(_ fixture: Fixture) {
        for cut in 0...fixture.bytes.count {
            self.expect(fixture, in: [fixture.bytes[..<cut], fixture.bytes[cut...]])
        }
    }

    @Test(arguments: Fixture.all)
    func readsTheSameCutAnywhereInThree(_ fixture: Fixture) {
        guard fixture.bytes.count <= 60 else { return }
        for first in 0...fixture.bytes.count {
            for second in first...fixture.bytes.count {
                let bytes = fixture.bytes
                self.expect(fixture, in: [bytes[..<first], bytes[first..<second], bytes[second...]])
            }
        }
    }

    @Test(arguments: 0..<UInt64(40))
    func readsAllStreamsInOneRowInRandomPieces(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var parser = EventStreamParser()
        var elements: [EventStreamElement] = []
        for fixture in Fixture.all.shuffled(using: &generator) {
            parser = EventStreamParser()
            elements = []
            var rest = fixture.bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 0...min(rest.count, 9), using: &generator)
                elements += parser.append(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(elements == fixture.expected, "\(fixture.testDescription)")
        }
    }

    @Test(arguments: 0..<UInt64(20))
    func readsNoiseTheSameHoweverItIsCut(seed: UInt64) {
        var generator = SplitMix(state: seed)
        let alphabet: [UInt8] = Array("data:id\r\n\r\n  evnt\u{0}é:".utf8) + [0xEF, 0xBB, 0xBF, 0xFF, 0x80]
        let noise = (0..<4096).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
        var whole = EventStreamParser(maximumEventBytes: 40)
        let expected = whole.append(noise)
        var parser = EventStreamParser(maximumEventBytes: 40)
        var elements: [EventStreamElement] = []
        var rest = noise[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...min(rest.count, 30), using: &generator)
            elements += parser.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        #expect(elements == expected)
        #expect(parser.lastEventID == whole.lastEventID)
        #expect(parser.oversizedEvents == whole.oversizedEvents)
    }

    @Test func restartKeepsIDAndRetryAndForgetsTheUnfinished() {
        var parser = EventStreamParser()
        _ = parser.append(Array("id: 5\nretry: 10\ndata: a\n\nid: 6\nevent: x\ndata: lost\ndata: lo".utf8))
        parser.restart()
        #expect(parser.lastEventID == "5")
        #expect(parser.retry == .milliseconds(10))
        let elements = parser.append(Fixture.mark + Array("data: b\n\n".utf8))
        #expect(elements == [.event(.init(data: "b", id: "5"))])
    }

    @Test func idOfAnEarlierStreamIsKept() {
        var parser = EventStreamParser(lastEventID: "41")
        #expect(parser.append(Array("data: a\n\n".utf8)) == [.event(.init(data: "a", id: "41"))])
    }

    @Test(arguments: [1, 7, 4096])
    func oversizedEventIsReportedAndTheNextOneRead(pieceSize: Int) {
        let big = "event: big\nid: 3\ndata: " + String(repeating: "x", count: 3000) + "\n\n"
        let stream = Array((big + "data: a\n\n").utf8)
        var parser = EventStreamParser(maximumEventBytes: 1000)
        var elements: [EventStreamElement] = []
        for start in stride(from: 0, to: stream.count, by: pieceSize) {
            elements += parser.append(stream[start..<min(start + pieceSize, stream.count)])
        }
        guard case .oversized("big", "3", 3000 + 21, let start)? = elements.first else {
            Issue.record("\(elements)")
            return
        }
        #expect(start.utf8.count > 900 && start.allSatisfy { $0 == "x" })
        #expect(elements.dropFirst() == [.event(.init(data: "a", id: "3"))])
        #expect(parser.oversizedEvents == 1)
    }

    @Test func manySmallLinesAreBoundedToo() {
        var parser = EventStreamParser(maximumEventBytes: 1000)
        var elements: [EventStreamElement] = []
        for _ in 0..<500 {
            elements += parser.append(Array("data: x\n".utf8))
        }
        elements += parser.append(Array("\n".utf8))
        #expect(
            elements == [
                .oversized(
                    name: "message", id: "", byteCount: 3500, start: String(repeating: "x\n", count: 142))
            ])
    }

    @Test func anEventAtTheLimitIsRead() {
        var parser = EventStreamParser(maximumEventBytes: 10)
        #expect(parser.append(Array("data: 1234\n\n".utf8)) == [.event(.init(data: "1234"))])
        #expect(
            parser.append(Array("data: 12345\n\n".utf8))
                == [.oversized(name: "message", id: "", byteCount: 11, start: "1234")])
    }

    @Test func commentsMayGoOnForEver() {
        var parser = EventStreamParser(maximumEventBytes: 100)
        var elements = parser.append(Array("data: a\n".utf8))
        for _ in 0..<100 {
            elements += parser.append(Array(":keep-alive, and on\n:\n".utf8))
        }
        elements += parser.append(Array((":" + String(repeating: "x", count: 500)).utf8))
        elements += parser.append(Array((String(repeating: "y", count: 500) + "\n\n").utf8))
        #expect(elements == [.event(.init(data: "a"))])
    }
}

/// A small generator, so that a failure can be repeated by its seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
