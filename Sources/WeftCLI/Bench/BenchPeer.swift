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
    @Option var join: String
    @Option var slots = 6
    @OptionGroup var lifetime: LifetimeOptions

    func run() async throws {
        self.lifetime.watch()
        switch self.part {
        case .count: try await self.count()
        case .echo: try await self.echo()
        case .worker: try await BenchCluster.work(join: self.join, slots: self.slots)
        case .rawCount: try Self.rawCount(self.join)
        case .rawEcho: try Self.rawEcho(self.join, receiving: .sub, sending: .pub)
        case .rawWorker: try Self.rawEcho(self.join, receiving: .pull, sending: .push)
        }
    }

    static func say(_ value: Value) async {
        BoundedWriter.output.line(value.json())
        await BoundedWriter.output.drain()
    }

    private func node() -> Node {
        Node(configuration: .init(name: "bench-peer", seeds: [self.join], bus: EventBus(), logger: BenchCluster.logger))
    }

    private func count() async throws {
        let node = self.node()
        let counter = BenchCounter()
        node.bus.on(BenchEvents.payload) { (_: [UInt8]) in counter.add() }
        let (reports, continuation) = AsyncStream.makeStream(of: Value.self)
        node.bus.on(BenchEvents.end) { (_: Int) in
            continuation.yield(counter.report)
            continuation.finish()
        }
        try await node.start()
        await Self.say(["ready": true])
        for await report in reports { await Self.say(report) }
        await node.stop()
    }

    private func echo() async throws {
        let node = self.node()
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
