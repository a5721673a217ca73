// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import Testing
import WeftBus
import WeftValue

/// One test for each row of platform-protocol 21.2's last column.
struct EventSystemREADMETests {
    let bus = EventBus()
    let journal = Journal()

    @Test func sharedIsOneBusThatWorksBeforeAnythingIsStartedAndInstancesAreSeparate() async {
        #expect(EventBus.shared === EventBus.shared)
        let token = EventBus.shared.on("readme:shared") { self.journal.write("shared") }
        defer { EventBus.shared.off(token) }
        self.bus.on("readme:shared") { self.journal.write("own") }
        await EventBus.shared.emit("readme:shared")
        #expect(self.journal.all == ["shared"])
        await self.bus.emit("readme:shared")
        #expect(self.journal.all == ["shared", "own"])
    }

    @Test func emitWaitsForAsynchronousHandlersAndSaysWhetherThereWereAny() async {
        let gate = Gate()
        self.bus.on("a") { (n: Int) in
            await gate.wait()
            self.journal.write("waited \(n)")
        }
        self.bus.on("a") { await gate.open() }
        let report = await self.bus.emit("a", 1)
        #expect(self.journal.all == ["waited 1"])
        #expect(report.hadListeners)
        #expect(report.delivered == 2)
        #expect(await !self.bus.emit("nobody").hadListeners)
    }

    @Test func emitSyncRunsSynchronousHandlersNowAndSchedulesAsynchronousOnes() async {
        let signal = Signal(String.self)
        let gate = Gate()
        self.bus.on("a") { self.journal.write("now") }
        self.bus.on("a") {
            await gate.wait()
            signal.send("later")
        }
        let report = self.bus.emitSync("a")
        #expect(self.journal.all == ["now"])
        #expect(report.delivered == 1)
        #expect(report.scheduled == 1)
        await gate.open()
        #expect(await signal.next(1) == ["later"])
    }

    @Test func emitSyncWorksOnAThreadWithoutAnyTask() async {
        let signal = Signal(Int.self)
        self.bus.on("a") { (n: Int) in
            await Task.yield()
            signal.send(n)
        }
        let thread = PlainThread { self.bus.emitSync("a", 5) }
        thread.join()
        #expect(await signal.next(1) == [5])
    }

    @Test func offEndsOneRegistrationAndOfWhatIsAbsentIsHarmless() async {
        let token = self.bus.on("a") { self.journal.write("first") }
        self.bus.on("a") { self.journal.write("second") }
        #expect(self.bus.off(token))
        #expect(!self.bus.off(token))
        #expect(!EventBus().off(token))
        await self.bus.emit("a")
        #expect(self.journal.all == ["second"])
    }

    @Test func removeAllListenersTakesOneNameOrAll() async {
        for name: EventKey<> in ["a", "b", "c"] { self.bus.on(name) { self.journal.write("\(name.name)") } }
        self.bus.on("*") { self.journal.write("*") }
        self.bus.removeAllListeners(for: "a")
        self.bus.removeAllListeners(for: "unknown")
        #expect(self.bus.eventNames == ["b", "c"])
        self.bus.removeAllListeners(for: "*")
        await self.bus.emit("b")
        #expect(self.journal.all == ["b"])
        self.bus.removeAllListeners()
        #expect(self.bus.eventNames.isEmpty)
        #expect(await !self.bus.emit("c").hadListeners)
    }

    @Test func historyHoldsTheLastHundredOldestFirstInUTCAlsoWithoutListeners() async throws {
        let before = Date()
        for n in 0..<130 { await self.bus.emit("n", n, "x") }
        let history = self.bus.history()
        #expect(history.count == 100)
        #expect(try history.map { try $0.decode(as: EventKey<Int>("n")) } == Array(30..<130))
        #expect(try history.last?.values() == [129, "x"])
        let time = try #require(history.last?.time)
        #expect(time >= before && time <= Date())
        #expect(history.last?.value["time"]?.stringValue?.hasSuffix("Z") == true)
    }

    @Test func historyIsRecordedBeforeHandlersRun() async {
        self.bus.on("a") { self.journal.write("\(self.bus.history().count)") }
        await self.bus.emit("a")
        self.bus.emitSync("a")
        #expect(self.journal.all == ["1", "2"])
    }

    @Test func historyOfOneNameIsFilteredByExactNameAndIsACopy() async {
        await self.bus.emit("a:b", 1)
        await self.bus.emit("a", 2)
        await self.bus.emit("a:b", 3)
        let history = self.bus.history(of: "a:b")
        #expect(history.map(\.name) == ["a:b", "a:b"])
        await self.bus.emit("a:b", 4)
        #expect(history.count == 2)
        #expect(self.bus.history(of: "*").isEmpty)
    }

    @Test func clearHistoryForgetsIt() async {
        await self.bus.emit("a")
        self.bus.clearHistory()
        #expect(self.bus.history().isEmpty)
        await self.bus.emit("b")
        #expect(self.bus.history().map(\.name) == ["b"])
    }

    @Test func eventNamesAreThoseWithListenersInOrderOfRegistration() {
        self.bus.on("b") {}
        self.bus.on("a") {}
        self.bus.on("b") {}
        self.bus.on("*") {}
        let token = self.bus.on("c") {}
        #expect(self.bus.eventNames == ["b", "a", "c"])
        self.bus.off(token)
        #expect(self.bus.eventNames == ["b", "a"])
    }

    @Test func listenerCountIsOfTheExactName() {
        self.bus.on("a:b") {}
        self.bus.on("a:b") { (_: EventRecordless) in }
        self.bus.on("a:*") {}
        self.bus.on("*") {}
        self.bus.once("*") {}
        #expect(self.bus.listenerCount(for: "a:b") == 2)
        #expect(self.bus.listenerCount(for: "a:*") == 1)
        #expect(self.bus.listenerCount(for: "*") == 2)
        #expect(self.bus.listenerCount(for: "a") == 0)
    }

    @Test func starListensToEveryEventWithItsName() async {
        self.bus.on(matching: "*") { record in self.journal.write("\(record.name) \(try record.values().count)") }
        await self.bus.emit("a:b", 1, "x")
        self.bus.emitSync("c")
        #expect(self.journal.all == ["a:b 2", "c 0"])
    }

    @Test func handlersAreIsolatedFromEachOtherAndFailuresAreErrorEvents() async {
        self.bus.on("a") { throw Failure("first") }
        self.bus.on("a") {
            await Task.yield()
            throw Failure("second")
        }
        self.bus.on("a") { self.journal.write("third") }
        self.bus.on(.handlerFailed) { failure in self.journal.write("error: \(failure.event) \(failure.message)") }
        let report = await self.bus.emit("a")
        #expect(Set(self.journal.all) == ["third", "error: a first", "error: a second"])
        #expect(report.delivered == 1)
        #expect(Set(report.failures.map(\.message)) == ["first", "second"])
        #expect(report.failures.first?.cause is Failure)
    }

    @Test func colonsMeanNothingButToPatterns() async {
        self.bus.on("user") { self.journal.write("user") }
        self.bus.on("user:login") { self.journal.write("user:login") }
        self.bus.on("user:*") { self.journal.write("user:*") }
        self.bus.on("us*r") { self.journal.write("us*r") }
        for name: EventKey<> in ["user:login", "user", "user:", "users:login", "us*r"] { await self.bus.emit(name) }
        #expect(self.journal.all == ["user:login", "user:*", "user", "user:*", "us*r"])
    }
}

/// A type that no emitted event in these tests fits.
struct EventRecordless: Codable, Sendable {
    var never: Int
}
