// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Weft
import WeftValue
import ZeroMQ

/// `weft bench mesh`: events from one process to others.
struct BenchMesh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Emit to other processes, over tcp: flat out, or at a rate.",
        discussion: """
            Example:
              weft bench mesh --payload 32 --duration 2
              weft bench mesh --rate 100000
            The baseline is raw libzmq in the same binding: PUB/SUB, one event per message of three frames, a bounded queue
            that blocks, to one receiver without keys. The receivers count; a run in which an event is missing fails.

            With --rate, events are due at fixed times, whether or not those before them could leave in time, and how late each
            arrives is counted from when it was due.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Bytes of each event's argument (0 to 1000000).")
    var payload = 32
    @Option(help: ArgumentHelp("What events carry: bytes, typed (a text and a number) or codable.", valueName: "SHAPE"))
    var shape = BenchShape.bytes
    @Option(help: "Processes that receive (1 to 16).")
    var receivers = 1
    @Option(help: "So many processes (2 to 16) that all emit at once, and receive from all others.")
    var nodes: Int?
    @Option(help: "Events a second; flat out when nothing is said.")
    var rate: Double?
    @Option(help: "Emit so many events, however long it takes.")
    var count: Int?
    @Flag(help: "Give all nodes keys, so that everything is encrypted.")
    var curve = false
    @Flag(help: "Let a task wait for room instead of its thread: emit instead of emitSync.")
    var suspending = false

    @Option(help: ArgumentHelp("Let each event make so many arrays.", visibility: .hidden))
    var waste = 0

    func validate() throws {
        guard (0...1_000_000).contains(self.payload) else {
            throw ValidationError("--payload takes 0 to 1000000 bytes")
        }
        guard (1...16).contains(self.receivers) else { throw ValidationError("--receivers takes 1 to 16") }
        guard self.nodes.map((2...16).contains) ?? true else { throw ValidationError("--nodes takes 2 to 16") }
        guard self.rate.map({ (1...100_000_000).contains($0) }) ?? true else {
            throw ValidationError("--rate takes 1 to 100000000 events a second")
        }
        guard self.count.map({ (1...1_000_000_000).contains($0) }) ?? true else {
            throw ValidationError("--count takes 1 to 1000000000 events")
        }
    }

    func run() async throws {
        self.options.watch()
        let ours = try await BenchKeys.with(self.curve, others: self.nodes ?? self.receivers) { keys in
            if let nodes = self.nodes {
                try await self.everyone(nodes, keys: keys)
            } else {
                try await self.mirrored(keys)
            }
        }
        let isFlatOut = self.rate == nil
        let raw =
            self.options.baseline && isFlatOut
            ? try await Self.raw(seconds: self.options.duration, bytes: self.payload) : nil
        var settings: [String: Value] = [
            "duration": .double(self.options.duration), "payload": .int(Int64(self.payload)),
            "shape": .string(self.shape.rawValue), "curve": .bool(self.curve), "suspending": .bool(self.suspending),
        ]
        settings["rate"] = self.rate.map { .double($0) }
        settings["count"] = self.count.map { .int(Int64($0)) }
        let name: String
        var each = 1
        if let nodes = self.nodes {
            settings["nodes"] = .int(Int64(nodes))
            name = "mirrored emit, \(nodes) × \(nodes), all deliveries"
        } else {
            settings["receivers"] = .int(Int64(self.receivers))
            name = "mirrored emit, 1 → \(self.receivers), listener on the other node"
            each = self.receivers
        }
        self.options.show(
            BenchReport(
                bench: "mesh", settings: settings,
                rows: [
                    BenchRow(
                        name: name, perSecond: ours.perSecond / Double(each), times: ours.times,
                        baselineName: "raw PUB/SUB, three frames, 1 → 1", baselinePerSecond: raw,
                        details: [("events", Double(ours.received))])
                ]))
    }

    /// One process emits, and the others count.
    @concurrent private func mirrored(_ keys: BenchKeys?) async throws -> BenchTally {
        let configuration = Node.Configuration(
            name: "bench", keys: try keys?.own(), waitForSlowest: true, bus: EventBus(), logger: BenchCluster.logger)
        return try await Node.with(configuration) { node in
            let join = try await node.controlEndpoint
            let children = try (0..<self.receivers).map { index in
                try BenchChild(
                    ["count", "--join", join, "--shape", self.shape.rawValue, "--waste", String(self.waste)]
                        + (keys?.arguments(of: index) ?? []))
            }
            return try await BenchChild.ending(children) {
                for child in children { _ = try await child.next() }
                try await node.awaitJoined(self.receivers)
                let sent = await self.emit(on: node.bus)
                await node.bus.emit(BenchEvents.end, sent)
                var tally = BenchTally()
                for child in children { try tally.add(try await child.next(), expected: sent) }
                return tally
            }
        }
    }

    /// All processes emit at once, this one only watches.
    @concurrent private func everyone(_ nodes: Int, keys: BenchKeys?) async throws -> BenchTally {
        var children: [BenchChild] = []
        do {
            var arguments = [
                "everyone", "--nodes", String(nodes), "--shape", self.shape.rawValue, "--payload", String(self.payload),
                "--duration", String(self.options.duration),
            ]
            if let count = self.count { arguments += ["--count", String(count)] }
            if self.suspending { arguments.append("--suspending") }
            for index in 0..<nodes {
                let child = try BenchChild(arguments + (keys?.arguments(of: index) ?? []))
                children.append(child)
                let control = try await child.next()["control"]?.stringValue ?? ""
                if index == 0 { arguments += ["--join", control] }
            }
        } catch {
            for child in children { await child.stop() }
            throw error
        }
        return try await BenchChild.ending(children) {
            var tally = BenchTally()
            for child in children {
                let report = try await child.next()
                try tally.add(report, expected: Int(clamping: report["expected"]?.intValue ?? 0))
            }
            return tally
        }
    }

    /// Emits until the time is over, or so many.
    private func emit(on bus: EventBus) async -> Int {
        guard let rate = self.rate else {
            return await BenchFlood(
                shape: self.shape, size: self.payload, seconds: self.options.duration, count: self.count,
                isBlocking: !self.suspending
            ).run(on: bus)
        }
        let payload = [UInt8](repeating: 7, count: self.payload)
        let total = self.count ?? max(1, Int(self.options.duration * rate))
        let schedule = BenchSchedule(rate: rate)
        for index in 0..<total {
            let due = schedule.time(of: index)
            BenchClock.sleep(until: due)
            bus.emitSync(BenchEvents.due, due, payload)
        }
        return total
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
            var tally = BenchTally()
            try tally.add(try await child.next(), expected: sent)
            return tally.perSecond
        }
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

    /// Waits until so many others hear this node and are heard.
    func awaitJoined(_ count: Int) async throws {
        for await members in self.memberChanges()
        where members.dropFirst().count(where: { $0.state == .alive && $0.isJoined }) >= count { return }
        throw CommandFailure(.failed, "the other nodes did not join")
    }
}
