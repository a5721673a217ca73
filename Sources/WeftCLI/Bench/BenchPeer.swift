// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Synchronization
import Weft
import WeftValue
import ZeroMQ

/// `weft bench peer`: the other process of a measurement; started by the measurement itself.
struct BenchPeer: AsyncParsableCommand {
    /// What the process does.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        /// Counts mirrored events.
        case count
        /// Is one of several nodes that emit and count.
        case everyone
        /// Answers mirrored pings.
        case echo
        /// Runs tasks that do nothing.
        case worker
        /// Counts messages of raw PUB/SUB.
        case rawCount = "raw-count"
        /// Sends back what comes over raw PUB/SUB.
        case rawEcho = "raw-echo"
        /// Sends back what comes over raw PUSH/PULL.
        case rawWorker = "raw-worker"
    }

    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "The other process of a measurement.", shouldDisplay: false)

    @Argument var part: Part
    @Option var join: String?
    @Option var slots = 6
    @Option var shape = BenchShape.bytes
    @Option var payload = 32
    @Option var nodes = 2
    @Option var duration = 1.0
    @Option var count: Int?
    @Option var waste = 0
    @Flag var suspending = false
    @Option var keyFile: String?
    @Option var trust: String?
    @OptionGroup var lifetime: LifetimeOptions

    func run() async throws {
        self.lifetime.watch()
        // Nothing here is worth an orderly end, but for tasks.
        if self.part != .worker { Signals.shared.onStop { Process.exit(0) } }
        switch self.part {
        case .count: try await self.count()
        case .everyone: try await self.everyone()
        case .echo: try await self.echo()
        case .worker: try await BenchCluster.work(join: self.join ?? "", slots: self.slots)
        case .rawCount: try Self.rawCount(self.join ?? "")
        case .rawEcho: try Self.rawEcho(self.join ?? "", receiving: .sub, sending: .pub)
        case .rawWorker: try Self.rawEcho(self.join ?? "", receiving: .pull, sending: .push)
        }
    }

    static func say(_ value: Value) async {
        BoundedWriter.output.line(value.json())
        await BoundedWriter.output.drain()
    }

    private func node() throws -> Node {
        var keys: NodeKeys?
        if let keyFile, let trust { keys = try NodeKeys(keyFile: keyFile, trustDirectory: trust) }
        return Node(
            configuration: .init(
                name: keys?.name ?? "bench-\(Process.id)", seeds: self.join.map { [$0] } ?? [], keys: keys,
                waitForSlowest: self.part == .everyone, bus: EventBus(), logger: BenchCluster.logger))
    }

    private func count() async throws {
        let node = try self.node()
        let counter = BenchCounter()
        self.shape.count(on: node.bus, in: counter, waste: self.waste)
        node.bus.on(BenchEvents.due) { (due: UInt64, _: [UInt8]) in counter.add(due: due) }
        let (reports, continuation) = AsyncStream.makeStream(of: Value.self)
        node.bus.on(BenchEvents.end) { (_: Int) in
            continuation.yield(counter.report)
            continuation.finish()
        }
        try await node.start()
        await Self.say(["ready": true])
        for await report in reports { await Self.say(report) }
        await Self.stay(node)
    }

    /// Emits as soon as all others are ready, and counts what they emit.
    private func everyone() async throws {
        let node = try self.node()
        let counter = BenchCounter()
        self.shape.count(on: node.bus, in: counter)
        let (readies, ready) = AsyncStream.makeStream(of: Void.self)
        let (ends, end) = AsyncStream.makeStream(of: (count: Int, report: Value).self)
        // One that was said while this node was joining is history here.
        node.bus.on(BenchEvents.ready, from: .remote, replay: true) { (_: Int) in ready.yield() }
        node.bus.on(BenchEvents.end, from: .remote) { (count: Int) in end.yield((count, counter.report)) }
        try await node.start()
        await Self.say(["control": .string(try await node.controlEndpoint)])
        let others = self.nodes - 1
        try await node.awaitJoined(others)
        await node.bus.emit(BenchEvents.ready, 0)
        var heard = 0
        for await _ in readies {
            heard += 1
            if heard == others { break }
        }
        let flood = BenchFlood(
            shape: self.shape, size: self.payload, seconds: self.duration, count: self.count,
            isBlocking: !self.suspending)
        let sent = await Self.flood(flood, on: node.bus)
        await node.bus.emit(BenchEvents.end, sent)
        var (ended, expected) = (0, 0)
        for await (count, report) in ends {
            ended += 1
            expected += count
            guard ended == others else { continue }
            var report = report.objectValue ?? [:]
            report["expected"] = .int(Int64(expected))
            await Self.say(.object(report))
            break
        }
        await Self.stay(node)
    }

    @concurrent private static func flood(_ flood: BenchFlood, on bus: EventBus) async -> Int {
        await flood.run(on: bus)
    }

    /// Stays in the mesh until the measuring process has no more use for this one: others may still need it.
    private static func stay(_ node: Node) async {
        for await _ in node.memberChanges() {}
    }

    private func echo() async throws {
        let node = try self.node()
        let bus = node.bus
        bus.on(BenchEvents.ping) { (bytes: [UInt8]) in bus.emitSync(BenchEvents.pong, bytes) }
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        bus.on(BenchEvents.end) { (_: Int) in continuation.finish() }
        try await node.start()
        await Self.say(["ready": true])
        for await _ in ends {}
        await node.stop()
    }

    private static func rawCount(_ endpoint: String) throws {
        let context = try Context()
        var options = Socket.Options()
        options.receiveHighWaterMark = 10_000
        let subscriber = try context.socket(.sub, options: options)
        try subscriber.subscribe("")
        try subscriber.connect(endpoint)
        let counter = BenchCounter()
        while try subscriber.receive().first.isEmpty == false { counter.add() }
        print(counter.report.json())
    }

    /// Connects both ways to the measuring process, whose second address is one port above the first.
    private static func rawEcho(_ endpoint: String, receiving: Socket.Kind, sending: Socket.Kind) throws {
        let addresses = endpoint.split(separator: ",").map(String.init)
        guard addresses.count == 2 else { throw ValidationError("--join takes two endpoints here") }
        let context = try Context()
        let incoming = try context.socket(receiving)
        if receiving == .sub { try incoming.subscribe("") }
        let outgoing = try context.socket(sending)
        try incoming.connect(addresses[0])
        try outgoing.connect(addresses[1])
        while true {
            let message = try incoming.receive()
            if message.first.isEmpty { return }
            try outgoing.send(message)
        }
    }
}
