// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Weft
import WeftValue
import ZeroMQ

/// `weft bench dispatch`: tasks that do nothing, flat out.
struct BenchDispatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatch",
        abstract: "Deal tasks that do nothing to worker processes, flat out, ledger in memory.",
        discussion: """
            Example:
              weft bench dispatch --workers 2 --slots 64 --duration 2
            The baseline is raw libzmq in the same binding: PUSH to one process's PULL and back to a PULL sink, one task per
            message, with the same number in flight.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Worker processes (1 to 64).")
    var workers = 2
    @Option(help: "Slots of each worker (1 to 65536).")
    var slots = 64
    @Option(help: "Bytes of each task (1 to 1000000).")
    var payload = 64

    func validate() throws {
        guard (1...64).contains(self.workers) else { throw ValidationError("--workers takes 1 to 64") }
        guard (1...65536).contains(self.slots) else { throw ValidationError("--slots takes 1 to 65536") }
        guard (1...1_000_000).contains(self.payload) else {
            throw ValidationError("--payload takes 1 to 1000000 bytes")
        }
    }

    func run() async throws {
        let window = self.workers * self.slots
        let ours = try await Self.dealt(
            seconds: self.options.duration, bytes: self.payload, workers: self.workers, slots: self.slots)
        let raw = try await Self.raw(seconds: self.options.duration, bytes: self.payload, window: window)
        self.options.show(
            BenchReport(
                bench: "dispatch",
                settings: [
                    "duration": .double(self.options.duration), "workers": .int(Int64(self.workers)),
                    "slots": .int(Int64(self.slots)), "payload": .int(Int64(self.payload)),
                ],
                rows: [
                    BenchRow(
                        name: "accepted to completed, \(window) in flight", perSecond: ours,
                        baselineName: "raw PUSH/PULL",
                        baselinePerSecond: raw)
                ]))
    }

    @concurrent private static func dealt(seconds: Double, bytes: Int, workers: Int, slots: Int) async throws -> Double
    {
        try await BenchCluster.with(workers: workers, slots: slots) { cluster in
            let payload = Value.bytes([UInt8](repeating: 7, count: bytes))
            let start = ContinuousClock.now
            let end = start + .seconds(seconds)
            let count = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<workers * slots {
                    group.addTask {
                        var count = 0
                        while ContinuousClock.now < end {
                            try await cluster.run(payload)
                            count += 1
                        }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
            return Double(count) / (Double((ContinuousClock.now - start).nanoseconds) / 1e9)
        }
    }

    @concurrent private static func raw(seconds: Double, bytes: Int, window: Int) async throws -> Double {
        let context = try Context()
        var options = Socket.Options()
        options.sendHighWaterMark = 0
        options.receiveHighWaterMark = 0
        let push = try context.socket(.push, options: options)
        let sink = try context.socket(.pull, options: options)
        let addresses = [
            try push.bind("tcp://127.0.0.1:*").description, try sink.bind("tcp://127.0.0.1:*").description,
        ]
        return try await BenchChild.with(["raw-worker", "--join", addresses.joined(separator: ",")]) { _ in
            let payload = [UInt8](repeating: 7, count: bytes)
            for _ in 0..<window { try push.send(payload) }
            _ = try sink.receive(within: .seconds(10))
            let start = ContinuousClock.now
            let end = start + .seconds(seconds)
            var count = 0
            while ContinuousClock.now < end {
                for _ in 0..<64 {
                    try push.send(payload)
                    _ = try sink.receive(within: .seconds(10))
                }
                count += 64
            }
            let elapsed = Double((ContinuousClock.now - start).nanoseconds) / 1e9
            try push.send([UInt8]())
            return Double(count) / elapsed
        }
    }
}
