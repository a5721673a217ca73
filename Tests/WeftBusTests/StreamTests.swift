// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftValue

struct StreamTests {
    let bus = EventBus()

    @Test func streamHasEveryEventFromTheMomentItIsMade() async throws {
        await self.bus.emit("order:early")
        let stream = self.bus.records(matching: "order:*")
        await self.bus.emit("order:a", 1)
        await self.bus.emit("other")
        await self.bus.emit("order:b", 2)
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next()?.name == "order:a")
        #expect(try await iterator.next()?.values() == [2])
    }

    @Test func typedStreamHasTheArguments() async throws {
        let stream = self.bus.events("a" as EventKey<Int, String>)
        await self.bus.emit("a", 1, "x")
        for await (n, s) in stream {
            #expect(n == 1 && s == "x")
            break
        }
    }

    @Test func streamCanBeginWithTheHistory() async {
        await self.bus.emit("a")
        await self.bus.emit("b")
        var iterator = self.bus.records(replay: true).makeAsyncIterator()
        #expect(await iterator.next()?.name == "a")
        #expect(await iterator.next()?.name == "b")
    }

    @Test func streamStopsListeningWhenNobodyHoldsIt() async {
        do {
            let stream = self.bus.records(matching: "a")
            #expect(self.bus.listenerCount(for: "a") == 1)
            _ = stream
        }
        #expect(self.bus.listenerCount(for: "a") == 0)
    }

    @Test func cancelledReaderEndsAndStopsListening() async {
        let gate = Gate()
        let reader = Task {
            for await _ in self.bus.records(matching: "a") { await gate.open() }
        }
        while self.bus.listenerCount(for: "a") == 0 { await Task.yield() }
        await self.bus.emit("a")
        await gate.wait()
        reader.cancel()
        await reader.value
        #expect(self.bus.listenerCount(for: "a") == 0)
    }

    @Test(arguments: [(EventBuffering.newest(2), [3, 4]), (.oldest(2), [1, 2])])
    func bufferDropsWhatItSaysAndCounts(buffering: EventBuffering, kept: [Int]) async {
        let stream = self.bus.events("a" as EventKey<Int>, buffering: buffering)
        for n in 1...4 { await self.bus.emit("a", n) }
        #expect(stream.droppedCount == 2)
        #expect(self.bus.counters.streamDrops == 2)
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == kept[0])
        #expect(await iterator.next() == kept[1])
    }

    @Test func holdingBackLosesNothing() async {
        let stream = self.bus.events("a" as EventKey<Int>, buffering: .holdingBack)
        async let emitting: Void = {
            for n in 0..<2000 { await self.bus.emit("a", n) }
        }()
        async let delivering: Void = self.bus.deliver((2000..<4000).map { remote("a", .int($0)) })
        var received: [Int] = []
        for await n in stream {
            received.append(n)
            if received.count == 4000 { break }
        }
        _ = await (emitting, delivering)
        #expect(received.filter { $0 < 2000 } == Array(0..<2000))
        #expect(received.filter { $0 >= 2000 } == Array(2000..<4000))
        #expect(self.bus.counters.streamDrops == 0)
    }

    @Test func severalReadersShareTheEvents() async {
        let stream = self.bus.events("a" as EventKey<Int>)
        let sum = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var sum = 0
                    for await n in stream {
                        if n < 0 { break }
                        sum += n
                    }
                    return sum
                }
            }
            for n in 1...1000 { await self.bus.emit("a", n) }
            for _ in 0..<4 { await self.bus.emit("a", -1) }
            return await group.reduce(0, +)
        }
        #expect(sum == 500_500)
    }
}
