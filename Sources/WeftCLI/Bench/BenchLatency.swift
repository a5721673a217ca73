// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Histogram
import Locking
import Weft
import WeftValue
import ZeroMQ

/// `weft bench latency`: round trips with one in flight.
struct BenchLatency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Round trips to another process, one in flight: an event and its answer, a task and its result.",
        discussion: """
            Example:
              weft bench latency --duration 2 --payload 64
            The baselines are the same round trips over raw libzmq: PUB/SUB both ways, and PUSH/PULL with a PULL sink.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Bytes sent each way (1 to 1000000).")
    var payload = 64

    /// What can be measured alone.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case events
        case tasks
    }

    @Option(help: ArgumentHelp("Measure only these: events or tasks.", valueName: "PART"))
    var only: Part?

    func validate() throws {
        guard (1...1_000_000).contains(self.payload) else {
            throw ValidationError("--payload takes 1 to 1000000 bytes")
        }
    }

    func run() async throws {
        self.options.watch()
        let (seconds, bytes) = (self.options.duration, self.payload)
        var rows: [BenchRow] = []
        if self.only != .tasks {
            rows.append(
                BenchRow(
                    name: "mirrored event and its answer",
                    times: try await Self.mirrored(seconds: seconds, bytes: bytes),
                    baselineName: "raw PUB/SUB both ways",
                    baselineTimes: self.options.baseline
                        ? try await Self.raw("raw-echo", seconds: seconds, bytes: bytes, .pub, .sub) : nil))
        }
        if self.only != .events {
            rows.append(
                BenchRow(
                    name: "task and its result", times: try await Self.task(seconds: seconds, bytes: bytes),
                    baselineName: "raw PUSH/PULL and a PULL sink",
                    baselineTimes: self.options.baseline
                        ? try await Self.raw("raw-worker", seconds: seconds, bytes: bytes, .push, .pull) : nil))
        }
        self.options.show(
            BenchReport(
                bench: "latency", settings: ["duration": .double(seconds), "payload": .int(Int64(bytes))], rows: rows))
    }

    /// What the answers to pings find out.
    private struct Course {
        var histogram = Histogram<UInt64>(highestTrackableValue: 60_000_000_000)
        var sent = ContinuousClock.now
        var answered = 0
    }

    /// Round trips at first are slower, and not counted.
    private static let warmUp = 100

    @concurrent private static func mirrored(seconds: Double, bytes: Int) async throws -> BenchTimes {
        let bus = EventBus()
        return try await Node.with(.init(name: "bench", bus: bus, logger: BenchCluster.logger)) { node in
            try await BenchChild.with(["echo", "--join", try await node.controlEndpoint]) { child in
                _ = try await child.next()
                try await node.awaitJoined(1)
                let payload = [UInt8](repeating: 7, count: bytes)
                let course = Locked(Course())
                let end = ContinuousClock.now + .seconds(seconds)
                let (done, continuation) = AsyncStream.makeStream(of: Void.self)
                bus.on(BenchEvents.pong) { (_: [UInt8]) in
                    let now = ContinuousClock.now
                    let goesOn = course.withLock { course in
                        course.answered += 1
                        if course.answered > Self.warmUp { course.histogram.record((now - course.sent).nanoseconds) }
                        course.sent = ContinuousClock.now
                        return now < end
                    }
                    guard goesOn else { return continuation.finish() }
                    bus.emitSync(BenchEvents.ping, payload)
                }
                course.withLock { $0.sent = ContinuousClock.now }
                bus.emitSync(BenchEvents.ping, payload)
                for await _ in done {}
                await bus.emit(BenchEvents.end, 0)
                return BenchTimes(course.withLock { $0.histogram })
            }
        }
    }

    @concurrent private static func task(seconds: Double, bytes: Int) async throws -> BenchTimes {
        try await BenchCluster.with(workers: 1, slots: 6) { cluster in
            var histogram = Histogram<UInt64>(highestTrackableValue: 60_000_000_000)
            let payload = Value.bytes([UInt8](repeating: 7, count: bytes))
            let end = ContinuousClock.now + .seconds(seconds)
            var count = 0
            while ContinuousClock.now < end {
                let sent = ContinuousClock.now
                try await cluster.run(payload)
                count += 1
                if count > Self.warmUp { histogram.record((ContinuousClock.now - sent).nanoseconds) }
            }
            return BenchTimes(histogram)
        }
    }

    @concurrent private static func raw(
        _ part: String, seconds: Double, bytes: Int, _ sending: Socket.Kind, _ receiving: Socket.Kind
    ) async throws -> BenchTimes {
        let context = try Context()
        let outgoing = try context.socket(sending == .pub ? .xpub : sending)
        let incoming = try context.socket(receiving)
        if receiving == .sub { try incoming.subscribe("") }
        let addresses = [
            try outgoing.bind("tcp://127.0.0.1:*").description, try incoming.bind("tcp://127.0.0.1:*").description,
        ]
        return try await BenchChild.with([part, "--join", addresses.joined(separator: ",")]) { _ in
            if sending == .pub { _ = try outgoing.receive() }  // the subscription
            var histogram = Histogram<UInt64>(highestTrackableValue: 60_000_000_000)
            let payload = [UInt8](repeating: 7, count: bytes)
            let end = ContinuousClock.now + .seconds(seconds)
            var count = 0
            var sent = ContinuousClock.now
            while sent < end {
                sent = ContinuousClock.now
                try outgoing.send(payload)
                // The first answer may be lost: our subscription to it may not have arrived yet.
                if count == 0, receiving == .sub {
                    guard (try? incoming.receive(within: .milliseconds(50))) != nil else { continue }
                } else {
                    _ = try incoming.receive(within: .seconds(5))
                }
                count += 1
                if count > Self.warmUp { histogram.record((ContinuousClock.now - sent).nanoseconds) }
            }
            try outgoing.send([UInt8]())
            return BenchTimes(histogram)
        }
    }
}
