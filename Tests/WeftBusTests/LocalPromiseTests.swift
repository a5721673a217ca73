// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Synchronization
import Testing
import WeftBus
import WeftValue

/// Promise E1: order, isolation, and handlers that change the bus while it calls them.
struct LocalPromiseTests {
    let bus = EventBus()
    let journal = Journal()

    @Test func synchronousAndAsynchronousListenersBeginInOrderOfRegistration() async {
        for n in 0..<20 {
            if n.isMultiple(of: 2) {
                self.bus.on("a:b") { self.journal.write("\(n)") }
            } else {
                self.bus.on(n.isMultiple(of: 3) ? "*" : "a:*") {
                    self.journal.write("\(n)")
                    await Task.yield()
                }
            }
        }
        for _ in 0..<50 {
            self.journal.clear()
            await self.bus.emit("a:b")
            #expect(self.journal.all == (0..<20).map(String.init))
        }
    }

    @Test func failingHandlerStopsNobodyElseInEmitSync() {
        self.bus.on("a") { throw Failure("1") }
        self.bus.on("a") { self.journal.write("2") }
        self.bus.on("a") { throw Failure("3") }
        self.bus.on("a") { self.journal.write("4") }
        let report = self.bus.emitSync("a")
        #expect(self.journal.all == ["2", "4"])
        #expect(report.failures.map(\.message) == ["1", "3"])
        #expect(report.listeners == 4)
        #expect(self.bus.counters.handlerFailures == 2)
    }

    @Test func asynchronousErrorHandlersAreAwaitedByEmit() async {
        self.bus.on(.handlerFailed) { failure in
            await Task.yield()
            self.journal.write(failure.message)
        }
        self.bus.on("a") { throw Failure("sync") }
        self.bus.on("a") { self.journal.write("other") }
        self.bus.on("b") {
            await Task.yield()
            throw Failure("async")
        }
        await self.bus.emit("a")
        await self.bus.emit("b")
        #expect(self.journal.all == ["other", "sync", "async"])
    }

    @Test func cancelledHandlerIsNoFailure() async {
        self.bus.on("a") { throw CancellationError() }
        let report = await self.bus.emit("a")
        #expect(report.failures.isEmpty)
        #expect(report.delivered == 0)
        #expect(self.bus.counters.unhandledErrors == 0)
    }

    @Test func listenerAddedDuringAnEmitIsNotCalledInIt() async {
        self.bus.on("a") {
            self.journal.write("first")
            self.bus.on("a") { self.journal.write("added") }
        }
        await self.bus.emit("a")
        #expect(self.journal.all == ["first"])
        await self.bus.emit("a")
        #expect(self.journal.all == ["first", "first", "added"])
    }

    @Test func listenerRemovedDuringAnEmitIsStillCalledInIt() async {
        let second = Locked<Subscription?>(nil)
        self.bus.on("a") { _ = second.withLock { $0 }.map { self.bus.off($0) } }
        let token = self.bus.on("a") { self.journal.write("second") }
        second.withLock { $0 = token }
        await self.bus.emit("a")
        await self.bus.emit("a")
        #expect(self.journal.all == ["second"])
    }

    @Test func oneTimeListenerRemovedDuringAnEmitIsNotCalled() async {
        let second = Locked<Subscription?>(nil)
        self.bus.on("a") { _ = second.withLock { $0 }.map { self.bus.off($0) } }
        let token = self.bus.once("a") { self.journal.write("second") }
        second.withLock { $0 = token }
        await self.bus.emit("a")
        #expect(self.journal.all.isEmpty)
        self.bus.on("b") { self.bus.removeAllListeners() }
        self.bus.once("b") { self.journal.write("never") }
        await self.bus.emit("b")
        #expect(self.journal.all.isEmpty)
    }

    @Test func oneTimeListenerIsRemovedBeforeItIsCalled() async {
        self.bus.once("a") { (n: Int) in
            self.journal.write("\(n) \(self.bus.listenerCount(for: "a"))")
            self.bus.emitSync("a", n + 1)
        }
        await self.bus.emit("a", 1)
        #expect(self.journal.all == ["1 0"])
    }

    @Test func oneTimeListenerOfTwoEmitsUnderWayRunsInOne() {
        // The inner emit begins when the outer one has already counted the one-time listener among those to call.
        self.bus.on("a") { (n: Int) in if n == 1 { self.bus.emitSync("a", 2) } }
        self.bus.once("a") { (n: Int) in self.journal.write("\(n)") }
        self.bus.emitSync("a", 1)
        #expect(self.journal.all == ["2"])
    }

    @Test func oneTimeListenerRunsOnceUnderConcurrentEmits() async {
        for _ in 0..<50 {
            let calls = Atomic(0)
            let bus = EventBus()
            bus.once("a") { _ = calls.add(1, ordering: .relaxed) }
            bus.once("*") {
                await Task.yield()
                calls.add(1, ordering: .relaxed)
            }
            await withTaskGroup { group in
                for n in 0..<8 {
                    group.addTask { if n.isMultiple(of: 2) { await bus.emit("a") } else { bus.emitSync("b") } }
                }
            }
            await bus.emit("a")
            await bus.emit("b")
            // What emitSync scheduled may have been the one to claim the second listener; it has begun by then or will.
            let deadline = ContinuousClock.now + .seconds(10)
            while calls.load(ordering: .relaxed) < 2, .now < deadline { await Task.yield() }
            #expect(calls.load(ordering: .relaxed) == 2)
            #expect(bus.listenerCount(for: "a") == 0)
        }
    }

    @Test func nestedEmitRunsToItsEndAtOnce() {
        self.bus.on("outer") {
            self.journal.write("outer begins")
            self.bus.emitSync("inner")
            self.journal.write("outer ends")
        }
        self.bus.on("inner") { self.journal.write("inner") }
        self.bus.emitSync("outer")
        #expect(self.journal.all == ["outer begins", "inner", "outer ends"])
    }

    @Test func newListenerIsToldOfOthersAndNotOfItself() {
        self.bus.on(.newListener) { name in self.journal.write("1 \(name)") }
        self.bus.on("a") {}
        self.bus.once("order:*") {}
        self.bus.on(.newListener) { name in self.journal.write("2 \(name)") }
        self.bus.on("b") {}
        #expect(self.journal.all == ["1 a", "1 order:*", "1 new_listener", "1 b", "2 b"])
        #expect(self.bus.history().isEmpty)
    }

    @Test func registeringAndEmittingFromManyTasksLosesNothing() async {
        let calls = Atomic(0)
        self.bus.on("a") { (_: Int) in _ = calls.add(1, ordering: .relaxed) }
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for n in 0..<200 {
                        let token = self.bus.on(n.isMultiple(of: 2) ? "a" : "*") { (_: Int) in await Task.yield() }
                        if n.isMultiple(of: 3) { self.bus.emitSync("a", n) } else { await self.bus.emit("a", n) }
                        self.bus.off(token)
                        if task == 0 { _ = self.bus.history() }
                    }
                }
            }
        }
        #expect(calls.load(ordering: .relaxed) == 1600)
        #expect(self.bus.listenerCount(for: "a") == 1)
        #expect(self.bus.listenerCount(for: "*") == 0)
    }

    @Test @MainActor func handlerRunsWhereItWasDeclared() async {
        self.bus.on("a") { @MainActor () async in
            MainActor.assertIsolated()
            self.journal.write("main")
        }
        await self.bus.emit("a")
        let counter = Counting()
        await counter.listen(to: self.bus)
        await self.bus.emit("b", 2)
        #expect(await counter.total == 2)
        #expect(self.journal.all == ["main"])
    }
}

private actor Counting {
    var total = 0

    func listen(to bus: EventBus) {
        bus.on("b", self.add)
    }

    private func add(_ n: Int) {
        self.total += n
    }
}
