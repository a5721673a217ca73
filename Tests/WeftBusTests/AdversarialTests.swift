// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import Testing
import WeftBus
import WeftValue

/// Emits when it goes away.
private final class LastWords: Codable, Sendable {
    let bus: EventBus?

    init(_ bus: EventBus) {
        self.bus = bus
    }

    init(from decoder: any Decoder) throws {
        self.bus = nil
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("last words")
    }

    deinit {
        self.bus?.emitSync("gone")
    }
}

/// A small event at the end of a large message's bytes.
private func partOfALargeMessage(_ name: EventName, _ number: Int, of size: Int = 4096) -> EventRecord {
    var writer = MessagePackWriter()
    writer.writeArrayHeader(1)
    writer.write(number)
    let bytes = [UInt8](repeating: 0, count: size) + writer.bytes
    return EventRecord(
        name: name, origin: .other, sequence: UInt64(number + 1), time: .init(timeIntervalSince1970: 1),
        arguments: bytes[size...])
}

@Suite(.timeLimit(.minutes(3))) struct AdversarialTests {
    private let bus = EventBus()

    @Test func everyWriterIsWokenWhenAStreamThatHoldsBackHasRoomAgain() async {
        var configuration = EventBus.Configuration()
        configuration.mailboxBytes = 1  // so that one event fills it
        let bus = EventBus(configuration: configuration)
        let stream = bus.events("a" as EventKey<Int>, buffering: .holdingBack)
        for round in 0..<50 {
            let received = Signal<Int>()
            await withTaskGroup(of: Void.self) { group in
                for n in 0..<20 { group.addTask { await bus.emit("a", round * 20 + n) } }
                let reader = Task { for await n in stream { received.send(n) } }
                #expect(await received.next(20).count == 20)
                group.cancelAll()
                reader.cancel()
                await reader.value
            }
        }
    }

    @Test func cancelledReaderEndsAlsoWhileEventsWait() async {
        let stream = self.bus.events("a" as EventKey<Int>)
        for n in 0..<100 { await self.bus.emit("a", n) }
        let count = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            var count = 0
            for await _ in stream { count += 1 }
            return count
        }.value
        #expect(count == 0)
    }

    @Test func newListenerHandlersMayRegister() async {
        let journal = Journal()
        self.bus.on(.newListener) { name in
            journal.write("sync \(name)")
            self.bus.on("audit:sync") {}
        }
        self.bus.on(.newListener) { name async in
            journal.write("async \(name)")
            self.bus.on("audit:async") {}
        }
        self.bus.on("a") {}
        while self.bus.listenerCount(for: "audit:async") == 0 { await Task.yield() }
        #expect(journal.all.filter { $0.hasPrefix("sync") } == ["sync new_listener", "sync a"])
        #expect(journal.all.filter { $0.hasPrefix("async") } == ["async a"])
        #expect(self.bus.listenerCount(for: "audit:sync") == 2)
    }

    @Test func argumentThatEmitsWhenItGoesAwayFindsTheBusUnlocked() async {
        let gone = Signal<Void>()
        self.bus.on("gone") { gone.send(()) }
        let stream = self.bus.events("a" as EventKey<LastWords>, buffering: .newest(1))
        let gones = self.bus.records(matching: "gone", buffering: .newest(1))
        for _ in 0..<3 { await self.bus.emit("a", LastWords(self.bus)) }
        self.bus.clearHistory()
        #expect(await gone.next(2).count == 2)
        #expect(stream.droppedCount == 2)
        withExtendedLifetime(gones) {}
    }

    @Test func handlerThatEmitsWhenItGoesAwayFindsTheBusUnlocked() async {
        let gone = Signal<Void>()
        self.bus.on("gone") { gone.send(()) }
        func listen() -> Subscription {
            let captured = LastWords(self.bus)
            return self.bus.on("a") { withExtendedLifetime(captured) {} }
        }
        self.bus.off(listen())
        _ = listen()
        self.bus.removeAllListeners(for: "a")
        #expect(await gone.next(2).count == 2)
    }

    @Test func removingAllListenersDuringADeliveryLosesNothingAndBlocksNothing() async {
        var configuration = EventBus.Configuration()
        configuration.mailboxEvents = 1
        let bus = EventBus(configuration: configuration)
        let seen = Locked(0)
        bus.on("a") { (_: Int) async in
            bus.removeAllListeners()
            seen.withLock { $0 += 1 }
        }
        await bus.deliver((0..<100).map { remote("a", .int($0)) })
        #expect(seen.withLock { $0 } >= 1)
        #expect(bus.eventNames.isEmpty)
        #expect(bus.counters.received == 100)
        #expect(bus.counters.mailboxDrops == 0)
    }

    @Test func errorHandlersThatFailThroughMailboxesEndThere() async {
        let calls = Signal<String>()
        self.bus.on(.handlerFailed) { (_: HandlerFailure) async throws in
            calls.send("error")
            self.bus.emitSync("a", 1)
            throw Failure("again")
        }
        self.bus.on("a") { (_: Int) async throws in
            calls.send("a")
            throw Failure("no")
        }
        self.bus.emitSync("a", 1)
        #expect(await calls.next(3) == ["a", "error", "a"])
        while self.bus.counters.failedErrorHandlers < 2 { await Task.yield() }
        #expect(self.bus.counters.handlerFailures == 3)
    }

    @Test func historyKeepsNoLargeMessageAliveForASmallEvent() async {
        await self.bus.deliver((0..<300).map { partOfALargeMessage("a", $0) })
        await self.bus.deliver([partOfALargeMessage("a", 300), remote("error")])
        #expect(self.bus.history().count == 100)
        #expect(self.bus.history().allSatisfy { $0.encodedArguments.startIndex == 0 })
        self.bus.clearHistory()
        self.bus.seedHistory([partOfALargeMessage("a", 0)])
        #expect(self.bus.history().allSatisfy { $0.encodedArguments.startIndex == 0 })
    }

    @Test func whatWaitsForASlowListenerKeepsFewLargeMessagesAlive() async {
        let gate = Gate()
        let shared = Signal<Bool>()
        self.bus.on(matching: "a") { record async in
            await gate.wait()
            shared.send(record.encodedArguments.startIndex > 0)
        }
        let stream = self.bus.records(matching: "a")
        await self.bus.deliver((0..<500).map { partOfALargeMessage("a", $0) })
        await gate.open()
        #expect(await shared.next(500).count(where: \.self) < 100)
        var waiting: [EventRecord] = []
        for await record in stream {
            waiting.append(record)
            if waiting.count == 500 { break }
        }
        #expect(waiting.count { $0.encodedArguments.startIndex > 0 } < 100)
        #expect(waiting.map { try? $0.values().first?.intValue } == (0..<500).map { $0 })
    }

    @Test func formerPortMayUseTheBusWhenItGoesAway() {
        final class Port: EventPort {
            private let bus: EventBus
            init(_ bus: EventBus) { self.bus = bus }
            var hasRoom: Bool { true }
            func waitForRoom() async {}
            func waitForRoomBlocking() {}
            func append(name: EventName, arguments: EventArguments, microsecondsSince1970: Int64) -> UInt64 { 1 }
            deinit { self.bus.clearHistory() }
        }
        self.bus.attach(Port(self.bus), origin: .other)
        let last = RecordingPort()
        self.bus.attach(last, origin: .other)
        #expect(self.bus.emitSync("a").sequence == 1)
        self.bus.detach(last)
    }
}
