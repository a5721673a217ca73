// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Synchronization
import Testing
import WeftBus
import WeftValue

/// Another node's batches, delivered in the form in which they come.
struct PackedDeliveryTests {
    let bus = EventBus()
    let journal = Journal()

    /// A batch of events with these names and arguments, from sequence 1 on.
    static func packed(_ events: [(name: String, arguments: [Value])], spoiling spoilt: Int? = nil) -> PackedEvents {
        var writer = MessagePackWriter()
        for (index, event) in events.enumerated() {
            if index == spoilt { writer.writeNil() }
            writer.write(event.name)
            writer.write(Int64(index))
            var arguments = MessagePackWriter()
            arguments.write(.array(event.arguments))
            writer.write(arguments.bytes)
        }
        return PackedEvents(
            origin: .other, first: 1, count: events.count, baseTime: 1_000_000, bytes: writer.bytes[...])
    }

    @Test func eachEventReachesAllItsListenersBeforeTheNext() async throws {
        self.bus.on("a") { (n: Int) in self.journal.write("a \(n)") }
        self.bus.on(matching: "*") { record in self.journal.write("* \(record.name) \(record.sequence ?? 0)") }
        self.bus.on("b") { (text: String, n: Int) in self.journal.write("b \(text) \(n)") }
        self.bus.on("a", from: .local) { (_: Int) in self.journal.write("never") }
        let (last, error) = await self.bus.deliver(
            Self.packed([("a", [1]), ("a", [2]), ("b", ["x", 3]), ("c", []), ("a", [4])]))
        #expect(last == 5 && error == nil)
        #expect(
            self.journal.all
                == ["a 1", "* a 1", "a 2", "* a 2", "* b 3", "b x 3", "* c 4", "a 4", "* a 5"])
        let history = self.bus.history()
        #expect(history.map(\.name) == ["a", "a", "b", "c", "a"])
        #expect(history.map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(history.map(\.microsecondsSince1970) == [1_000_000, 1_000_001, 1_000_002, 1_000_003, 1_000_004])
        #expect(history.allSatisfy { $0.origin == .other })
        #expect(try history[2].decode(as: EventKey<String, Int>("b")) == ("x", 3))
        #expect(self.bus.counters.received == 5)
    }

    @Test func whatWasDeliveredBeforeIsLeftOut() async {
        self.bus.on("a") { (n: Int) in self.journal.write("\(n)") }
        let (last, _) = await self.bus.deliver(Self.packed((1...5).map { ("a", [.int($0)]) }), after: 3)
        #expect(last == 5)
        #expect(self.journal.all == ["4", "5"])
    }

    @Test func aHandlerThatIsTakenAwayIsNotCalledForTheRestOfTheBatch() async {
        let subscription = Locked<Subscription?>(nil)
        let registered = self.bus.on("a") { (n: Int) in
            self.journal.write("\(n)")
            if n == 2, let own = subscription.withLock({ $0 }) { self.bus.off(own) }
        }
        subscription.withLock { $0 = registered }
        self.bus.once("a") { (n: Int) in self.journal.write("once \(n)") }
        _ = await self.bus.deliver(Self.packed((1...5).map { ("a", [.int($0)]) }))
        #expect(self.journal.all == ["1", "once 1", "2"])
    }

    @Test func whoRegistersMeanwhileGetsEachEventOnceAtMost() async {
        self.bus.on("a") { (n: Int) in
            if n == 3 { self.bus.on("a", replay: true) { (n: Int) in self.journal.write("\(n)") } }
        }
        _ = await self.bus.deliver(Self.packed((1...5).map { ("a", [.int($0)]) }))
        _ = await self.bus.deliver(Self.packed([("a", [6])]))
        #expect(self.journal.all == ["1", "2", "3", "4", "5", "6"])
    }

    @Test func aFailureReachesNobodyElseAndIsSaid() async {
        let errors = Signal(String.self)
        let undecodable = Signal([String].self)
        self.bus.on("error") { (failure: HandlerFailure) in errors.send(failure.message) }
        self.bus.on("weft:undecodable") { (name: String, expected: String, found: String) in
            undecodable.send([name, expected, found])
        }
        self.bus.on("a") { (n: Int) in
            if n == 2 { throw Failure("two") }
            self.journal.write("\(n)")
        }
        _ = await self.bus.deliver(Self.packed([("a", [1]), ("a", [2]), ("a", ["x"]), ("a", [4])]))
        #expect(self.journal.all == ["1", "4"])
        #expect(await errors.next(1) == ["two"])
        #expect(await undecodable.next(1) == [["a", "(Int)", "(a string)"]])
        #expect(self.bus.counters.handlerFailures == 1)
        #expect(self.bus.counters.undecodable == 1)
    }

    @Test func argumentsNeverReachIntoTheNextEvent() async {
        // The first event promises two arguments and has one.
        var writer = MessagePackWriter()
        for arguments: [UInt8] in [[0x92, 0x01], [0x92, 0x02, 0x03]] {
            writer.write("a")
            writer.write(0)
            writer.write(arguments)
        }
        self.bus.on("a") { (one: Int, other: Int) in self.journal.write("\(one) \(other)") }
        _ = await self.bus.deliver(
            PackedEvents(origin: .other, first: 1, count: 2, baseTime: 0, bytes: writer.bytes[...]))
        #expect(self.journal.all == ["2 3"])
        #expect(self.bus.counters.undecodable == 1)
    }

    @Test func whatFollowsAnUnreadableEventIsLostAndTheRestIsNot() async {
        self.bus.on("a") { (n: Int) in self.journal.write("\(n)") }
        let (last, error) = await self.bus.deliver(
            Self.packed((1...5).map { ("a", [.int($0)]) }, spoiling: 2))
        #expect(last == 2)
        #expect(error?.code == .typeMismatch)
        #expect(self.journal.all == ["1", "2"])
        let refused = await self.bus.deliver(Self.packed([("a", [6]), ("weft:gap", [])]))
        #expect(refused.0 == 1 && refused.1 != nil)
        #expect(self.journal.all == ["1", "2", "6"])
    }

    @Test func manyMoreThanOneStepComeInOrderAlsoThroughMailboxes() async {
        var configuration = EventBus.Configuration()
        configuration.mailboxEvents = 50
        let bus = EventBus(configuration: configuration)
        let received = Signal(Int.self)
        bus.on("a") { (n: Int) in self.journal.write("\(n)") }
        bus.on("a") { (n: Int) async in received.send(n) }
        let count = 5000
        _ = await bus.deliver(Self.packed((0..<count).map { ("a", [.int(Int64($0))]) }))
        #expect(self.journal.all == (0..<count).map(String.init))
        #expect(await received.next(count) == Array(0..<count))
        #expect(bus.counters.mailboxDrops == 0)
        #expect(bus.history().compactMap(\.sequence) == ((count - 99)...count).map { UInt64($0) })
    }
}
