// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Testing
import WeftBus
import WeftValue

/// What is bounded, with what happens at the bound.
struct BoundTests {
    @Test func historyIsBoundedInBytes() async throws {
        let bus = EventBus()
        for n in 0..<20 { await bus.emit("a", n, String(repeating: "x", count: 1 << 20)) }
        let numbers = try bus.history().map { try $0.decode(as: EventKey<Int>("a")) }
        #expect(numbers == Array(13..<20))
        #expect(bus.counters.historyByteDrops == 13)
        await bus.emit("a", 20, String(repeating: "x", count: 9 << 20))
        #expect(bus.history().count == 7)
        #expect(bus.counters.historyByteDrops == 14)
    }

    @Test func historyCanBeSwitchedOff() async {
        var configuration = EventBus.Configuration()
        configuration.historyEvents = 0
        let bus = EventBus(configuration: configuration)
        let journal = Journal()
        bus.on("a") { (n: Int) in journal.write("\(n)") }
        bus.on(matching: "a") { record in journal.write("\(try record.values())") }
        await bus.emit("a", 1)
        #expect(journal.all == ["1", "[1]"])
        #expect(bus.history().isEmpty)
    }

    @Test func manyNamesFromOutsideAreNotRemembered() async {
        let bus = EventBus()
        let journal = Journal()
        bus.on("order:*") { journal.write("x") }
        for n in 0..<10_000 { await bus.deliver([remote(EventName("order:\(n)"))]) }
        #expect(journal.all.count == 10_000)
    }

    @Test func announcementsAreBounded() async {
        let gate = Gate()
        let entered = Signal(Bool.self)
        var configuration = EventBus.Configuration()
        configuration.mailboxEvents = 1
        let small = EventBus(configuration: configuration)
        small.on("weft:gap") {
            entered.send(true)
            await gate.wait()
        }
        for _ in 0..<EventBus.Defaults.announcements + 10 { small.announce("weft:gap", []) }
        #expect(await entered.next(1) == [true])
        for _ in 0..<EventBus.Defaults.announcements { small.announce("weft:gap", []) }
        #expect(small.counters.announcementDrops > 0)
        await gate.open()
    }
}
