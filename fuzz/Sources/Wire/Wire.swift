// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FuzzKit
import WeftBus
import WeftProtocol
import WeftValue

/// One frame, read as everything that a frame can be: whatever can be read can be written and read again, and is the same.
@main
enum Wire: FuzzTarget {
    /// For `fuzz/run --self-test`: something does not hold that no seed comes across.
    private static let isSelfTest = ProcessInfo.processInfo.environment["WEFT_FUZZ_SELF_TEST"] != nil

    static func check(_ bytes: [UInt8]) {
        Self.checkControl(bytes)
        Self.checkPublished(bytes)
        Self.checkTasks(bytes)
        if let id = RoutingID(bytes: bytes) { expect(id.bytes == bytes, "a routing id comes back") }
        if let node = Probe.subscriber(ofTopic: bytes) {
            expect(Probe.topic(for: node) == bytes, "a probe's topic comes back")
        }
    }

    static func seeds(_ examples: Examples) throws -> [[UInt8]] {
        try examples.golden("Tests/WeftProtocolTests/Wire/GoldenFrames.swift")
            + examples.golden("Tests/WeftProtocolTests/Tasks/GoldenTaskFrames.swift")
    }

    // What is compared are the bytes: not-a-number, which a value may hold, is not equal to itself.

    private static func checkControl(_ bytes: [UInt8]) {
        guard let message = try? ControlMessage(decoding: bytes) else { return }
        if Self.isSelfTest {
            switch message {
            case .flush(let number), .flushed(let number, _, _), .goodbye(let number), .probeAck(let number):
                expect(number < 1_000 || number == 0x0102_0304_0506_0708, "the self-test")
            default: break
            }
        }
        let written = message.encoded()
        Self.checkSize(written, of: bytes)
        let again = try? ControlMessage(decoding: written)
        expect(again?.encoded() == written, "\(message.kind) comes back")
    }

    private static func checkTasks(_ bytes: [UInt8]) {
        if let read = try? TaskFrame.decodeCoordinatorMessage(bytes[...]) {
            let written = TaskFrame.encode(read.message, to: read.worker, epoch: read.epoch)
            Self.checkSize(written, of: bytes)
            let again = try? TaskFrame.decodeCoordinatorMessage(written[...])
            expect(
                again.map { TaskFrame.encode($0.message, to: $0.worker, epoch: $0.epoch) } == written,
                "a coordinator's message comes back")
        }
        if let read = try? TaskFrame.decodeWorkerMessage(bytes[...]) {
            let written = TaskFrame.encode(read.message, from: read.worker)
            Self.checkSize(written, of: bytes)
            let again = try? TaskFrame.decodeWorkerMessage(written[...])
            expect(
                again.map { TaskFrame.encode($0.message, from: $0.worker) } == written, "a worker's message comes back")
        }
    }

    private static func checkPublished(_ bytes: [UInt8]) {
        guard let frame = try? PublishedFrame(decoding: bytes[...]) else { return }
        switch frame {
        case .probe(let probe): expect(probe.encoded() == bytes, "a probe comes back")
        case .batch(let batch):
            let (events, error) = batch.events()
            expect(batch.last >= batch.first, "a batch's last event is not before its first")
            expect(error != nil || events.count == batch.count, "a whole batch has all its events")
            expect(
                zip(events, batch.first...).allSatisfy { $0.sequence == $1 && $0.origin == batch.origin },
                "events are numbered one after another")
            for sequence in [batch.first - 1, batch.first, batch.last - 1, batch.last, .max] {
                let rest = batch.events(after: sequence).events
                expect(
                    rest == events.filter { $0.sequence.map { $0 > sequence } ?? false }, "the rest is the end of all")
            }
            for event in events { _ = try? event.values() }
            guard !events.isEmpty else { return }
            let written = Self.write(events, of: batch)
            guard let again = try? EventBatch(decoding: written[...]) else {
                return expect(false, "a batch that was written can be read")
            }
            let back = again.events()
            expect(
                back.error == nil && back.events.count == events.count, "a batch that was written has all its events")
            expect(
                zip(back.events, events).allSatisfy {
                    $0.name == $1.name && $0.sequence == $1.sequence && $0.encodedArguments == $1.encodedArguments
                }, "events come back")
            // Times beyond the years 0 to 9999 become the nearest within, and stay that.
            expect(Self.write(back.events, of: again) == written, "the times come back")
        }
    }

    private static func write(_ events: [EventRecord], of batch: EventBatch) -> [UInt8] {
        var builder = EventBatchBuilder(origin: batch.origin)
        for (event, sequence) in zip(events, batch.first...) {
            builder.append(
                name: event.name.description, arguments: Array(event.encodedArguments),
                time: event.time.microsecondsSince1970, sequence: sequence)
        }
        return builder.finish()
    }

    /// Nothing grows on its way through a node: the most that a value can is a short float that becomes a long one.
    private static func checkSize(_ written: [UInt8], of bytes: [UInt8]) {
        expect(written.count <= 2 * bytes.count + 64, "\(bytes.count) bytes do not become \(written.count)")
    }
}
