// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Dispatch
import FoundationEssentials
import Locking
import Synchronization
import Testing
import WeftBus
import WeftValue

/// Promises E6 and E7: what goes to the mirror, and how events of other nodes run handlers.
struct MirrorPromiseTests {
    let bus = EventBus()
    let journal = Journal()
    let port = RecordingPort()
    let me = NodeID.third

    @Test func emitsGoToThePortInTheOrderOfTheHistoryWithTheirBytes() async throws {
        await self.bus.emit("before", 0)
        self.bus.attach(self.port, origin: self.me)
        let first = await self.bus.emit("a", 1, "x")
        let second = self.bus.emitSync("b")
        #expect(first.sequence == 1)
        #expect(second.mirroring == .mirrored(sequence: 2))
        #expect(self.port.waits == 2)
        #expect(self.port.appended.map(\.name) == ["a", "b"])
        #expect(self.port.appended.first?.arguments == [0x92, 1, 0xA1, 0x78])
        let history = self.bus.historySnapshot()
        #expect(history.map(\.sequence) == [1, 2])
        #expect(history.allSatisfy { $0.origin == self.me })
        #expect(history.map(\.microsecondsSince1970) == self.port.appended.map(\.microseconds))
        #expect(self.bus.history().count == 3)
        self.bus.detach(RecordingPort())
        #expect(await self.bus.emit("c").sequence == 3)
        self.bus.detach(self.port)
        #expect(await self.bus.emit("d").mirroring == .notAttached)
    }

    @Test(arguments: [false, true]) func manyEmittersAndTheHistoryAgreeOnTheOrder(hasRoom: Bool) async {
        let port = RecordingPort(hasRoom: hasRoom)
        self.bus.attach(port, origin: self.me)
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask { for n in 0..<100 { self.bus.emitSync("a", task, n) } }
            }
        }
        let appended = port.appended
        #expect(port.waits == (hasRoom ? 0 : 800))
        #expect(appended.count == 800)
        #expect(self.bus.historySnapshot().map { Array($0.encodedArguments) } == appended.suffix(100).map(\.arguments))
        #expect(self.bus.historySnapshot().map(\.sequence) == (701...800).map { UInt64($0) })
    }

    @Test func errorNewListenerWeftAndLocalEventsAreNotMirrored() async {
        self.bus.attach(self.port, origin: self.me)
        self.bus.on("a") { throw Failure("no") }
        self.bus.on("error") {}
        await self.bus.emit("error", "by hand")
        #expect(await self.bus.emit("new_listener", "by hand").mirroring == .local)
        #expect(await self.bus.emitLocal("secret", 1).mirroring == .local)
        #expect(self.bus.emitLocalSync("secret", 1).sequence == nil)
        self.bus.announce("weft:gap", [])
        #expect(self.port.appended.isEmpty)
        #expect(self.port.waits == 0)
        await self.bus.emit("a")
        #expect(self.port.appended.map(\.name) == ["a"])
        #expect(self.bus.historySnapshot().map(\.name) == ["a"])
    }

    @Test func remoteEventsAreNotMirroredAgain() async {
        self.bus.attach(self.port, origin: self.me)
        self.bus.on("a") { self.journal.write("a") }
        await self.bus.deliver([remote("a")])
        #expect(self.journal.all == ["a"])
        #expect(self.port.appended.isEmpty)
        #expect(self.bus.historySnapshot().count == 1)
    }

    @Test func namesThatAreNotMirroredAreRefusedFromOtherNodes() async {
        self.bus.on("*") { self.journal.write("*") }
        self.bus.on("weft:*") { self.journal.write("weft") }
        self.bus.on("error") { self.journal.write("error") }
        self.bus.on("new_listener") { self.journal.write("new") }
        self.journal.clear()
        await self.bus.deliver(
            ["weft:gap", "error", "new_listener", "*", "a:*", "", "a\nb"].map { remote(EventName($0)) } + [remote("ok")]
        )
        self.bus.seedHistory([remote("weft:gap"), remote("error")])
        #expect(self.journal.all == ["*"])
        #expect(self.bus.counters.refusedRemote == 9)
        #expect(self.bus.counters.received == 1)
        #expect(self.bus.history().map(\.name) == ["ok"])
    }

    @Test func listenersChooseLocalRemoteOrAll() async {
        self.bus.on("a", from: .local) { self.journal.write("local") }
        self.bus.on("a", from: .remote) { self.journal.write("remote") }
        self.bus.on(matching: "*", from: .all) { _ in self.journal.write("all") }
        self.bus.once("a", from: .remote) { self.journal.write("once") }
        let report = await self.bus.emit("a")
        #expect(report.listeners == 2)
        #expect(self.journal.all == ["local", "all"])
        self.journal.clear()
        await self.bus.deliver([remote("a"), remote("a", sequence: 2)])
        #expect(self.journal.all == ["remote", "all", "once", "remote", "all"])
    }

    @Test func synchronousListenersAreCalledInOrder() async {
        self.bus.on("a") { (n: Int) in self.journal.write("\(n)") }
        await self.bus.deliver((1...500).map { remote("a", .int($0), sequence: UInt64($0)) })
        #expect(self.journal.all == (1...500).map(String.init))
    }

    @Test func asynchronousListenerTakesOneAtATimePerOriginInOrder() async {
        let running = Locked<[NodeID: Int]>([:])
        let signal = Signal(EventRecord.self)
        self.bus.on(matching: "a") { record in
            let alone = running.withLock { running in
                running[record.origin, default: 0] += 1
                return running[record.origin] == 1
            }
            #expect(alone)
            await Task.yield()
            running.withLock { $0[record.origin, default: 0] -= 1 }
            signal.send(record)
        }
        await withTaskGroup { group in
            for origin in [NodeID.other, .third] {
                group.addTask {
                    for start in stride(from: 0, to: 300, by: 30) {
                        await self.bus.deliver(
                            (start..<start + 30).map { remote("a", origin: origin, sequence: UInt64($0)) })
                    }
                }
            }
        }
        let records = await signal.next(600)
        for origin in [NodeID.other, .third] {
            #expect(records.filter { $0.origin == origin }.compactMap(\.sequence) == (0..<300).map { UInt64($0) })
        }
    }

    @Test func concurrencyLetsSeveralRunAtOnce() async {
        let gate = Gate()
        let signal = Signal(Int.self)
        self.bus.on("a", concurrency: 3) { (n: Int) in
            signal.send(n)
            await gate.wait()
        }
        await self.bus.deliver((1...5).map { remote("a", .int($0)) })
        // Three have begun, and the gate that would end them is closed.
        #expect(Set(await signal.next(3)) == [1, 2, 3])
        await gate.open()
    }

    @Test func oneOriginDoesNotWaitForAnother() async {
        let gate = Gate()
        let signal = Signal(NodeID.self)
        self.bus.on(matching: "a") { record in
            if record.origin == .other { await gate.wait() }
            signal.send(record.origin)
        }
        await self.bus.deliver([remote("a", origin: .other)])
        await self.bus.deliver([remote("a", origin: .third)])
        #expect(await signal.next(1) == [.third])
        await gate.open()
    }

    @Test func fullMailboxHoldsBackTheDeliveryAndLosesNothing() async {
        var configuration = EventBus.Configuration()
        configuration.mailboxEvents = 4
        let bus = EventBus(configuration: configuration)
        let gate = Gate()
        let signal = Signal(Int.self)
        let isDelivered = Atomic(false)
        bus.on("a") { (n: Int) in
            await gate.wait()
            signal.send(n)
        }
        let held = Signal(Bool.self)
        bus.on("a") { (n: Int) in if n == 4 { held.send(true) } }
        async let delivery: Void = {
            await bus.deliver((0..<100).map { remote("a", .int($0)) })
            isDelivered.store(true, ordering: .releasing)
        }()
        #expect(await held.next(1) == [true])
        let isDeliveredEarly = isDelivered.load(ordering: .acquiring)
        #expect(!isDeliveredEarly)
        await gate.open()
        await delivery
        #expect(await signal.next(100) == Array(0..<100))
        #expect(bus.counters.mailboxWaits > 0)
        #expect(bus.counters.mailboxDrops == 0)
    }

    @Test func mailboxIsBoundedInBytesToo() async {
        var configuration = EventBus.Configuration()
        configuration.mailboxBytes = 3000
        let bus = EventBus(configuration: configuration)
        let gate = Gate()
        let begun = Signal(Bool.self)
        bus.on("a") { (_: String) in
            begun.send(true)
            await gate.wait()
        }
        let text = String(repeating: "x", count: 900)
        bus.emitSync("a", text)
        #expect(await begun.next(1) == [true])
        let reports = (0..<4).map { _ in bus.emitSync("a", text) }
        #expect(reports.map(\.scheduled) == [1, 1, 0, 0])
        #expect(reports.last?.failures.first?.code == .mailboxFull)
        #expect(bus.counters.mailboxDrops == 2)
        await gate.open()
    }

    @Test func givenUpDeliveryEndsAtOnce() async {
        var configuration = EventBus.Configuration()
        configuration.mailboxEvents = 1
        let bus = EventBus(configuration: configuration)
        let gate = Gate()
        bus.on("a") { await gate.wait() }
        let delivery = Task { await bus.deliver((0..<10).map { remote("a", .int($0)) }) }
        delivery.cancel()
        await delivery.value
        #expect(bus.counters.mailboxDrops >= 7)
        await gate.open()
    }

    @Test func deliveryNeverRunsHandlersOnTheCallersExecutor() async {
        self.bus.on("a") { self.journal.write(LoopExecutor.isCurrent ? "on the loop" : "elsewhere") }
        let mirror = MirrorActor()
        await mirror.deliver([remote("a"), remote("a", sequence: 2)], to: self.bus)
        #expect(self.journal.all == ["elsewhere", "elsewhere"])
    }

    @Test func announcementsReachListenersInOrderWithoutTheCaller() async {
        let signal = Signal(Int.self)
        self.bus.on("weft:gap") { (n: Int) in signal.send(n) }
        for n in 0..<100 { self.bus.announce("weft:gap", [.int(Int64(n))]) }
        #expect(await signal.next(100) == Array(0..<100))
        #expect(self.bus.history().isEmpty)
    }

    @Test func seededHistoryComesFirstAndRunsOnlyListenersThatAskForIt() async throws {
        self.bus.on("a") { (n: Int) in self.journal.write("plain \(n)") }
        self.bus.on("a", replay: true) { (n: Int) in self.journal.write("replay \(n)") }
        self.bus.on(matching: "*", from: .local, replay: true) { _ in self.journal.write("local") }
        await self.bus.emit("a", 9)
        self.journal.clear()
        self.bus.seedHistory((1...3).map { remote("a", .int($0), sequence: UInt64($0)) })
        #expect(self.journal.all == ["replay 1", "replay 2", "replay 3"])
        #expect(try self.bus.history().map { try $0.decode(as: EventKey<Int>("a")) } == [1, 2, 3, 9])
        self.journal.clear()
        self.bus.on("a", replay: true) { (n: Int) in self.journal.write("late \(n)") }
        #expect(self.journal.all == ["late 1", "late 2", "late 3", "late 9"])
    }

    @Test func seedMakesRoomForWhatIsNewer() async throws {
        for n in 0..<60 { await self.bus.emit("a", n) }
        self.bus.seedHistory((100..<200).map { remote("a", .int($0)) })
        let values = try self.bus.history().map { try $0.decode(as: EventKey<Int>("a")) }
        #expect(values == Array(160..<200) + Array(0..<60))
    }

    @Test func whatIsTooLargeIsNotMirroredAndSaysSo() async {
        self.bus.attach(self.port, origin: self.me)
        self.bus.on("a") { (text: String) in self.journal.write("\(text.utf8.count)") }
        let limit = EventBus.Defaults.mirroredEventBytes
        let header = 7  // the array's, the string's, and the name
        #expect(await self.bus.emit("a", String(repeating: "x", count: limit - header)).sequence == 1)
        let report = await self.bus.emit("a", String(repeating: "x", count: limit - header + 1))
        #expect(report.mirroring == .tooLarge(bytes: limit + 1))
        #expect(report.delivered == 1)
        #expect(self.bus.counters.tooLargeToMirror == 1)
        #expect(self.port.appended.count == 1)
    }

    @Test func whatCannotBeEncodedReachesTypedListenersHereAndSaysSo() async {
        self.bus.attach(self.port, origin: self.me)
        self.bus.on("a") { (_: Unencodable) in self.journal.write("got it") }
        let report = await self.bus.emit("a", Unencodable())
        guard case .unencodable = report.mirroring else {
            Issue.record("\(report.mirroring)")
            return
        }
        #expect(self.journal.all == ["got it"])
        #expect(self.bus.counters.unencodable == 1)
        #expect(self.port.appended.isEmpty)
    }
}

private struct Unencodable: Codable {
    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws { throw Failure("never") }
}

/// Stands for the socket loop: an executor that knows its own thread.
private final class LoopExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "loop")
    private static let key = DispatchSpecificKey<Bool>()

    init() {
        self.queue.setSpecific(key: Self.key, value: true)
    }

    static var isCurrent: Bool { DispatchQueue.getSpecific(key: self.key) == true }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

private actor MirrorActor {
    private nonisolated let loop = LoopExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.loop.asUnownedSerialExecutor() }

    func deliver(_ batch: [EventRecord], to bus: EventBus) async {
        #expect(LoopExecutor.isCurrent)
        await bus.deliver(batch)
        #expect(LoopExecutor.isCurrent)
    }
}

@Suite(.timeLimit(.minutes(3))) struct AnnouncementOrderTests {
    @Test func announcementsAboutAStreamKeepTheirPlaceInIt() async {
        let bus = EventBus()
        let lines = Signal<String>()
        bus.on(matching: "*") { record in lines.send("sync \(record.name)") }
        bus.on(matching: "weft:*") { record in lines.send("sync \(record.name)") }
        let slow = Signal<String>()
        let stream = bus.records(matching: "weft:gap")
        bus.on(matching: "a") { record async in slow.send("\(record.sequence ?? 0)") }
        for n in 0..<100 {
            await bus.deliver([remote("a", sequence: UInt64(2 * n + 1))])
            await bus.announce("weft:gap", [.int(Int64(n))], inStreamOf: .other)
        }
        let expected = (0..<100).flatMap { _ in ["sync a", "sync weft:gap"] }
        #expect(await lines.next(200) == expected)
        #expect(await slow.next(100) == (0..<100).map { "\(2 * $0 + 1)" })
        var gaps = 0
        for await gap in stream {
            #expect(gap.sequence == nil)
            gaps += 1
            if gaps == 100 { break }
        }
        #expect(bus.history().allSatisfy { $0.name == "a" })
    }
}
