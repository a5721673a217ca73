// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Weft
import WeftValue
import ZeroMQ

/// `weft bench mesh`: events from this process to another one.
struct BenchMesh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Emit flat out to another process, over tcp.",
        discussion: """
            Example:
              weft bench mesh --payload 32 --duration 2
            The baseline is raw libzmq in the same binding: PUB/SUB, one event per message of three frames, a bounded queue
            that blocks. The receivers count; a run in which an event is missing fails.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Bytes of each event's argument (0 to 1000000).")
    var payload = 32

    func validate() throws {
        guard (0...1_000_000).contains(self.payload) else {
            throw ValidationError("--payload takes 0 to 1000000 bytes")
        }
    }

    func run() async throws {
        let ours = try await Self.mirrored(seconds: self.options.duration, bytes: self.payload)
        let raw = try await Self.raw(seconds: self.options.duration, bytes: self.payload)
        self.options.show(
            BenchReport(
                bench: "mesh",
                settings: ["duration": .double(self.options.duration), "payload": .int(Int64(self.payload))],
                rows: [
                    BenchRow(
                        name: "mirrored emit, 1 → 1, listener on the other node", perSecond: ours,
                        baselineName: "raw PUB/SUB, three frames", baselinePerSecond: raw)
                ]))
    }

    @concurrent private static func mirrored(seconds: Double, bytes: Int) async throws -> Double {
        let configuration = Node.Configuration(
            name: "bench", waitForSlowest: true, bus: EventBus(), logger: BenchCluster.logger)
        return try await Node.with(configuration) { node in
            try await BenchChild.with(["count", "--join", try await node.controlEndpoint]) { child in
                _ = try await child.next()
                _ = await node.member(within: .seconds(10)) { $0.state == .alive && $0.isJoined }
                let payload = [UInt8](repeating: 7, count: bytes)
                let end = ContinuousClock.now + .seconds(seconds)
                var sent = 0
                while ContinuousClock.now < end {
                    for _ in 0..<64 { await node.bus.emit(BenchEvents.payload, payload) }
                    sent += 64
                }
                await node.bus.emit(BenchEvents.end, sent)
                return try Self.rate(try await child.next(), sent: sent)
            }
        }
    }

    @concurrent private static func raw(seconds: Double, bytes: Int) async throws -> Double {
        let context = try Context()
        var options = Socket.Options()
        options.sendHighWaterMark = 10_000
        let publisher = try context.socket(.xpub, options: options)
        try publisher.set(.xpubNoDrop, to: true)
        let endpoint = try publisher.bind("tcp://127.0.0.1:*").description
        return try await BenchChild.with(["raw-count", "--join", endpoint]) { child in
            _ = try publisher.receive()  // the subscription
            let event = Message(frames: [
                [UInt8]("order:created".utf8), [UInt8](repeating: 0, count: 24), [UInt8](repeating: 7, count: bytes),
            ])
            let end = ContinuousClock.now + .seconds(seconds)
            var sent = 0
            while ContinuousClock.now < end {
                for _ in 0..<64 { try publisher.send(event) }
                sent += 64
            }
            try publisher.send(Message(frames: [[], [], []]))
            return try Self.rate(try await child.next(), sent: sent)
        }
    }

    private static func rate(_ report: Value, sent: Int) throws -> Double {
        guard let received = report["received"]?.intValue, let seconds = report["seconds"]?.doubleValue, seconds > 0
        else { throw CommandFailure(.failed, "the receiver's report makes no sense: \(report.json())") }
        guard received == sent else {
            throw CommandFailure(.failed, "the receiver saw \(received) of \(sent) events: this run counts for nothing")
        }
        return Double(received) / seconds
    }
}

extension Node {
    /// Where others may join through this node.
    var controlEndpoint: String {
        get async throws {
            guard let record = await self.members().first?.record else {
                throw CommandFailure(.failed, "the node does not run")
            }
            return record.control
        }
    }
}
