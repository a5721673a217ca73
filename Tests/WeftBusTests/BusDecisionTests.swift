// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import InMemoryLogging
import Logging
import Testing
import WeftBus
import WeftValue

/// One test for each decision below platform-protocol 21.2's table.
struct BusDecisionTests {
    let bus: EventBus
    let journal = Journal()
    let log = InMemoryLogHandler()

    init() {
        let log = self.log
        self.bus = EventBus(configuration: .init(logger: Logger(label: "test", factory: { _ in log })))
    }

    @Test func patternsAndExactListenersRunInTheOneOrderOfRegistration() async {
        self.bus.on("*") { self.journal.write("1") }
        self.bus.on("order:created") { self.journal.write("2") }
        self.bus.on("order:*") { self.journal.write("3") }
        self.bus.on("order:created") { self.journal.write("4") }
        self.bus.on("*") { self.journal.write("5") }
        await self.bus.emit("order:created")
        #expect(self.journal.all == ["1", "2", "3", "4", "5"])
        self.journal.clear()
        self.bus.emitSync("order:paid")
        #expect(self.journal.all == ["1", "3", "5"])
    }

    @Test func starSeesNeitherNewListenerNorWeftEvents() async {
        let signal = Signal(String.self)
        self.bus.on(matching: "*") { record in self.journal.write("* \(record.name)") }
        self.bus.on("new_listener") { (name: String) in self.journal.write("new \(name)") }
        self.bus.on("weft:*") { signal.send("weft") }
        self.bus.on(matching: "weft:gap") { record in signal.send("\(record.name)") }
        self.bus.announce("weft:gap", [])
        #expect(await signal.next(2) == ["weft", "weft:gap"])
        #expect(self.journal.all == ["new weft:*", "new weft:gap"])
    }

    @Test func starSeesError() async {
        self.bus.on(matching: "*") { record in self.journal.write("\(record.name)") }
        self.bus.on("a") { throw Failure("no") }
        await self.bus.emit("a")
        await self.bus.emit("error", "by hand")
        #expect(self.journal.all == ["a", "error", "error"])
    }

    @Test(arguments: [
        ("*", EventNameError.Code.wildcard), ("order:*", .wildcard), ("weft:gap", .reserved), ("", .empty),
        (String(repeating: "x", count: 201), .tooLong), ("a\nb", .controlCharacter), ("a\u{85}b", .controlCharacter),
    ])
    func badAndReservedNamesAreRefused(name: String, code: EventNameError.Code) async {
        self.bus.on("*") { self.journal.write("*") }
        let key: EventKey<> = EventKey(EventName(name))
        let report = await self.bus.emit(EventName(name), values: [])
        #expect(report.refusal?.code == code)
        #expect(self.bus.emitSync(key).refusal?.code == code)
        #expect(await self.bus.emitLocal(key).refusal?.code == code)
        #expect(self.journal.all.isEmpty)
        #expect(self.bus.history().isEmpty)
        #expect(self.bus.counters.refusedNames == 3)
        #expect(throws: EventNameError.self) { try EventName(validating: name) }
    }

    @Test(arguments: ["x", String(repeating: "x", count: 200), "à:b c", "wefted", "weft", "error"])
    func otherNamesAreNot(name: String) async throws {
        #expect(await self.bus.emit(try EventName(validating: name), values: []).refusal == nil)
    }

    @Test func starCountsForWhetherAnyoneListened() async {
        self.bus.on("*") {}
        let report = await self.bus.emit("a")
        #expect(report.hadListeners)
        #expect(report.listeners == 1)
    }

    @Test func starDoesNotSilenceTheRuleForAnUnhandledError() async {
        self.bus.on("*") {}
        await self.bus.emit("error", "by hand")
        self.bus.on("a") { throw Failure("no") }
        await self.bus.emit("a")
        #expect(self.bus.counters.unhandledErrors == 2)
        #expect(self.log.entries.count == 2)
        self.bus.on("error") {}
        await self.bus.emit("error", "by hand")
        await self.bus.emit("a")
        #expect(self.bus.counters.unhandledErrors == 2)
    }

    @Test func onceStarEndsAfterTheFirstEventOfAnyName() async {
        self.bus.once(matching: "*") { record in self.journal.write("\(record.name)") }
        self.bus.once("*") { self.journal.write("typed") }
        await self.bus.emit("a")
        await self.bus.emit("b")
        #expect(self.journal.all == ["a", "typed"])
        #expect(self.bus.listenerCount(for: "*") == 0)
    }

    @Test func tokenIsWhatIsRemovedAndTheSameClosureTwiceRunsTwice() async {
        let handler: @Sendable () -> Void = { self.journal.write("x") }
        let first = self.bus.on("a", handler)
        let second = self.bus.on("a", handler)
        #expect(first != second)
        await self.bus.emit("a")
        #expect(self.journal.all.count == 2)
        self.bus.off(first)
        await self.bus.emit("a")
        #expect(self.journal.all.count == 3)
    }

    @Test func errorWithoutHandlerIsLoggedAndCountedAndNotThrown() async {
        self.bus.on("a") { throw Failure("lost") }
        let report = await self.bus.emit("a")
        #expect(report.failures.map(\.message) == ["lost"])
        #expect(self.bus.emitSync("error", "by hand").failures.isEmpty)
        #expect(self.bus.counters.unhandledErrors == 2)
        let messages = self.log.entries.map { $0.metadata["error.message"]?.description }
        #expect(messages == ["lost", "by hand"])
    }

    @Test func failingErrorHandlerIsLoggedOnceAndNotEmittedAgain() async {
        self.bus.on("error") {
            self.journal.write("called")
            throw Failure("worse")
        }
        self.bus.on("error") {
            await Task.yield()
            throw Failure("worst")
        }
        self.bus.on("a") { throw Failure("bad") }
        await self.bus.emit("a")
        #expect(self.journal.all == ["called"])
        #expect(self.bus.counters.failedErrorHandlers == 2)
        #expect(self.log.entries.count == 2)
        #expect(self.bus.counters.unhandledErrors == 0)
    }

    @Test func errorHandlerThatEmitsWhatFailsDoesNotGoRound() async {
        let signal = Signal(String.self)
        self.bus.on("error") {
            self.bus.emitSync("audit")
            await self.bus.emit("audit")
            signal.send("done")
        }
        self.bus.on("audit") { throw Failure("no disk") }
        self.bus.on("audit") {
            await Task.yield()
            signal.send("audited")
            throw Failure("no network")
        }
        self.bus.emitSync("audit")
        // Once from the first emit, twice from each of the error handler's two runs (one per failing listener).
        #expect(await signal.next(7).count == 7)
        #expect(self.bus.counters.handlerFailures == 10)
        #expect(self.bus.counters.failedErrorHandlers == 8)
    }
}
