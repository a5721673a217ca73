// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeftBus
import WeftProtocol
import WeftValue

struct WireTests {
    @Test(arguments: GoldenFrames.control.indices)
    func controlMessagesHaveTheirGoldenFrames(index: Int) throws {
        let (name, message, hex) = GoldenFrames.control[index]
        #expect(GoldenFrames.hex(message.encoded()) == hex, "\(name)")
        #expect(try ControlMessage(decoding: GoldenFrames.bytes(hex)) == message)
    }

    @Test func publishedFramesHaveTheirGoldenForms() throws {
        #expect(GoldenFrames.hex(GoldenFrames.probe.encoded()) == GoldenFrames.probeHex)
        #expect(GoldenFrames.hex(GoldenFrames.batch) == GoldenFrames.batchHex)
        let probe = try PublishedFrame(decoding: GoldenFrames.bytes(GoldenFrames.probeHex)[...])
        #expect(probe == .probe(GoldenFrames.probe))
        guard case .batch(let batch) = try PublishedFrame(decoding: GoldenFrames.batch[...]) else {
            Issue.record("no batch")
            return
        }
        #expect(batch.first == 7 && batch.last == 8 && batch.count == 2 && batch.origin == GoldenFrames.two)
        let (events, error) = batch.events()
        #expect(error == nil)
        #expect(events.first == GoldenFrames.event)
        #expect(events.last?.name == "ping")
        #expect(events.last?.time.microsecondsSince1970 == 1_700_000_000_000_001)
    }

    @Test func routingIDsHaveTheirGoldenForm() {
        let id = RoutingID(node: GoldenFrames.one, link: 258)
        #expect(GoldenFrames.hex(id.bytes) == GoldenFrames.routingIDHex)
        #expect(RoutingID(bytes: id.bytes) == id)
        #expect(RoutingID(bytes: id.bytes.dropLast()) == nil)
        #expect(RoutingID(bytes: id.bytes + [0]) == nil)
        #expect(RoutingID(bytes: [2] + id.bytes.dropFirst()) == nil)
    }

    @Test func theDocumentShowsEveryGoldenFrame() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "docs/wire-format.md"), encoding: .utf8)
        let squeezed = text.filter { !$0.isWhitespace }
        for (name, hex) in GoldenFrames.all {
            #expect(text.contains(name), "\(name) is not named")
            #expect(squeezed.contains(hex), "the frame of \(name) is not shown")
        }
    }

    @Test func everyTruncationOfAControlFrameIsAnErrorAndNoTrap() {
        for (name, _, hex) in GoldenFrames.control {
            let frame = GoldenFrames.bytes(hex)
            for length in 0..<frame.count {
                #expect(throws: WireError.self, "\(name) cut to \(length)") {
                    try ControlMessage(decoding: frame.prefix(length))
                }
            }
            #expect(throws: WireError.self, "\(name) with a byte more") { try ControlMessage(decoding: frame + [0]) }
        }
    }

    @Test func everyTruncationOfAPublishedFrameIsAnErrorAndNoTrap() {
        let probe = GoldenFrames.probe.encoded()
        for length in 0..<probe.count {
            #expect(throws: WireError.self) { try PublishedFrame(decoding: probe.prefix(length)) }
        }
        let batch = GoldenFrames.batch
        for length in 0..<batch.count {
            guard case .batch(let cut)? = try? PublishedFrame(decoding: batch.prefix(length)) else { continue }
            let (events, error) = cut.events()
            #expect(error != nil, "cut to \(length)")
            #expect(events.count < 2)
        }
    }

    @Test func noSingleChangedByteTraps() {
        for (_, hex) in GoldenFrames.all {
            let frame = GoldenFrames.bytes(hex)
            for index in frame.indices {
                for change in [UInt8](arrayLiteral: 0x01, 0x80, 0xFF) {
                    var changed = frame
                    changed[index] ^= change
                    _ = try? ControlMessage(decoding: changed)
                    if case .batch(let batch)? = try? PublishedFrame(decoding: changed[...]) {
                        let (events, error) = batch.events()
                        #expect(events.count == batch.count || error != nil)
                    }
                    _ = RoutingID(bytes: changed)
                }
            }
        }
    }

    @Test(
        arguments: [
            ([], WireError.Code.notWeft), (Array("GET / HTTP/1.1".utf8), .notWeft), ([0x57], .truncated),
            ([0x57, 0x46, 1, 1], .truncated), ([0x57, 0x46, 2, 5, 0x80], .version),
            ([0x57, 0x46, 0, 5, 0x80], .version),
            ([0x57, 0x46, 1, 77, 0x80], .unknownKind), ([0x57, 0x46, 1, 5, 0x90], .malformed),
            ([0x57, 0x46, 1, 5, 0xC1], .malformed), ([0x57, 0x46, 1, 5, 0x80], .malformed),
        ] as [([UInt8], WireError.Code)])
    func whatIsWrongIsNamed(frame: [UInt8], code: WireError.Code) {
        let error = #expect(throws: WireError.self) { try ControlMessage(decoding: frame) }
        #expect(error?.code == code)
        #expect(error?.label == code.label)
    }

    @Test func aMissingMemberIsNamed() {
        let frame: [UInt8] = [0x57, 0x46, 1, 9, 0x81, 0xA1, 0x73, 0xA1, 0x78]  // FLUSH {s: "x"}
        let error = #expect(throws: WireError.self) { try ControlMessage(decoding: frame) }
        #expect(error?.message == "'s' of flush is string; it must be a sequence, from 0 to 9223372036854775807")
        let empty = #expect(throws: WireError.self) { try ControlMessage(decoding: [0x57, 0x46, 1, 9, 0x80]) }
        #expect(empty?.message == "'s' of flush is missing; it must be a sequence, from 0 to 9223372036854775807")
    }

    @Test func aSequenceThatNobodyCanReachIsRefused() throws {
        let beyond = WireFormat.largestSequence + 1
        #expect(throws: Never.self) { try ControlMessage(decoding: ControlMessage.goodbye(head: beyond - 1).encoded()) }
        for message in [
            ControlMessage.goodbye(head: beyond), .flush(through: .max), .flushed(through: 1, missed: beyond),
            .heartbeat(head: beyond, cursors: [:], digest: 1),
            .heartbeat(head: 1, cursors: [GoldenFrames.one: beyond], digest: 1),
            .fetch(id: 1, origin: GoldenFrames.one, first: beyond, last: beyond),
            .repair(id: 1, origin: GoldenFrames.one, from: beyond, isBusy: false, batches: []),
            .snapshotRequest(id: 1, floors: [GoldenFrames.one: .max]),
        ] {
            let error = #expect(throws: WireError.self) { try ControlMessage(decoding: message.encoded()) }
            #expect(error?.code == .malformed)
        }
        let probe = Probe(subscriber: GoldenFrames.one, origin: GoldenFrames.two, nonce: 1, head: beyond)
        #expect(throws: WireError.self) { try PublishedFrame(decoding: probe.encoded()[...]) }
        var builder = EventBatchBuilder(origin: GoldenFrames.one)
        builder.append(name: "late", arguments: [0x90], time: 0, sequence: WireFormat.largestSequence)
        #expect(throws: WireError.self) { try EventBatch(decoding: builder.finish()[...]) }
    }

    @Test func membersThatAreNotKnownAreIgnored() throws {
        var writer = MessagePackWriter()
        writer.append(encoded: [0x57, 0x46, 1, 9])
        writer.write(["s": 4, "zz": ["later": true]])
        #expect(try ControlMessage(decoding: writer.bytes) == .flush(through: 4))
    }

    @Test func whatIsNotKnownIsSkippedAndNotBuilt() throws {
        // A map whose keys are numbers can't be built: that it is there does not matter.
        var writer = MessagePackWriter()
        writer.writeMapHeader(2)
        writer.write("h")
        writer.write(Int64(7))
        writer.write("later")
        var frame = GoldenFrames.bytes("5746010b") + writer.bytes
        frame += [0x81, 0x01, 0xC0]
        #expect(try ControlMessage(decoding: frame) == .goodbye(head: 7))
    }

    @Test(arguments: [ControlMessage.Kind.hello, .heartbeat, .snapshotRequest, .goodbye])
    func aFrameThatCarriesNoPayloadIsSmall(kind: ControlMessage.Kind) {
        let body = [0x81, 0xA5] + Array("later".utf8) + [0xDD, 0x00, 0x10, 0x00, 0x00]
        let frame = [0x57, 0x46, 0x01, kind.rawValue] + body + [UInt8](repeating: 0xC0, count: 1 << 20)
        #expect { try ControlMessage(decoding: frame) } throws: { ($0 as? WireError)?.code == .tooLarge }
    }

    @Test(arguments: ["b", "later"])
    func valuesInAFrameAreCountedAlsoWhereTheyAreSkipped(name: String) {
        var writer = MessagePackWriter()
        writer.writeMapHeader(4)
        writer.write("k")
        writer.write(Int64(1))
        writer.write("m")
        writer.write("x")
        writer.write("b")
        writer.writeNil()
        writer.write(name)
        writer.writeArrayHeader(WireFormat.maximumValues)
        let frame =
            GoldenFrames.bytes("5746010c") + writer.bytes + [UInt8](repeating: 0xC0, count: WireFormat.maximumValues)
        #expect { try ControlMessage(decoding: frame) } throws: { ($0 as? WireError)?.code == .tooLarge }
    }

    @Test func positionsInAMessageAreBounded() throws {
        func request(_ count: Int) -> [UInt8] {
            let floors = (0..<count).map { _ in (NodeID.random(), UInt64(1)) }
            return ControlMessage.snapshotRequest(id: 1, floors: Dictionary(uniqueKeysWithValues: floors)).encoded()
        }
        _ = try ControlMessage(decoding: request(WireFormat.maximumCursors))
        #expect { try ControlMessage(decoding: request(WireFormat.maximumCursors + 1)) } throws: {
            ($0 as? WireError)?.code == .tooLarge
        }
    }

    @Test func aHelloMayNameWhomItCalls() throws {
        guard case .hello(let record, nil) = GoldenFrames.control[0].1 else {
            Issue.record("the first golden frame is a HELLO to whoever answers")
            return
        }
        let message = ControlMessage.hello(record, to: .random())
        #expect(try ControlMessage(decoding: message.encoded()) == message)
    }

    @Test func aRefutationIsPartOfARecordOnceThereIsOne() throws {
        var record = GoldenFrames.record
        record.refutation = 7
        let frame = ControlMessage.hello(record).encoded()
        #expect(try ControlMessage(decoding: frame) == .hello(record))
        #expect(frame.count == ControlMessage.hello(GoldenFrames.record).encoded().count + 3)
    }

    @Test func helloWelcomeAndRejectAreReadInEveryVersion() throws {
        for (_, message, hex) in GoldenFrames.control.prefix(3) {
            var frame = GoldenFrames.bytes(hex)
            frame[2] = 200
            #expect(try ControlMessage(decoding: frame) == message)
        }
    }

    @Test func versionsInCommonAreFound() {
        let mine = VersionRange(oldest: 2, newest: 4)
        #expect(mine.common(with: VersionRange(oldest: 1, newest: 3)) == 3)
        #expect(mine.common(with: VersionRange(oldest: 4, newest: 9)) == 4)
        #expect(mine.common(with: VersionRange(oldest: 1, newest: 1)) == nil)
        #expect(mine.common(with: VersionRange(oldest: 5, newest: 6)) == nil)
        #expect(mine.common(with: VersionRange(oldest: 9, newest: 0)) == nil)
    }

    @Test func aBatchSkipsWhatIsAlreadyThere() throws {
        guard case .batch(let batch) = try PublishedFrame(decoding: GoldenFrames.batch[...]) else { return }
        #expect(batch.events(after: 6).events.compactMap(\.sequence) == [7, 8])
        #expect(batch.events(after: 7).events.compactMap(\.sequence) == [8])
        #expect(batch.events(after: 8).events.isEmpty)
        #expect(batch.events(after: .max).events.isEmpty)
    }

    @Test func namesThatOnlyWeftMayEmitAreRefusedInABatch() throws {
        for name in ["weft:peer-left", "error", "new_listener", "", "order:*"] {
            var builder = EventBatchBuilder(origin: GoldenFrames.one)
            builder.append(name: "good", arguments: [0x90], time: 0, sequence: 1)
            builder.append(name: name, arguments: [0x90], time: 0, sequence: 2)
            guard case .batch(let batch) = try PublishedFrame(decoding: builder.finish()[...]) else { return }
            let (events, error) = batch.events()
            #expect(events.compactMap(\.sequence) == [1])
            #expect(error?.code == .malformed)
        }
    }

    @Test func aBuilderBeginsAnewAfterEachBatch() throws {
        var builder = EventBatchBuilder(origin: GoldenFrames.one)
        for round in UInt64(0)..<3 {
            for index in UInt64(0)..<100 {
                builder.append(
                    name: "n\(index % 3)", arguments: [0x91, 0x01], time: Int64(index) - 50,
                    sequence: round * 100 + index + 1)
            }
            #expect(builder.count == 100 && builder.next == round * 100 + 101)
            guard case .batch(let batch) = try PublishedFrame(decoding: builder.finish()[...]) else { return }
            #expect(builder.isEmpty)
            let (events, error) = batch.events()
            #expect(error == nil)
            #expect(events.compactMap(\.sequence) == Array((round * 100 + 1)...(round * 100 + 100)))
            #expect(events.map(\.time.microsecondsSince1970) == (Int64(-50)..<50).map { $0 })
            #expect(events.allSatisfy { Array($0.encodedArguments) == [0x91, 0x01] })
        }
    }
}
