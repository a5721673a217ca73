// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Histogram
import Weft
import WeftProtocol
import WeftSQLite
import WeftValue
import ZeroMQ

/// `weft bench dispatch`: tasks that do nothing, flat out.
struct BenchDispatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispatch",
        abstract: "Deal tasks that do nothing to worker processes, flat out.",
        discussion: """
            Example:
              weft bench dispatch --workers 2 --slots 64 --duration 2 --ledger ./bench.ledger
            The ledger is in memory; with --ledger also in a file, with either setting of synchronous. The times are those of one \
            task, from its acceptance to its end. The baseline in memory is raw libzmq in the same binding: PUSH to one process's \
            PULL and back to a PULL sink, one task per message, with the same number in flight. The baseline of a file is SQLite \
            alone on the same disk: as many rows as our tasks wrote, 256 in a transaction and one in a transaction.
            """)

    @OptionGroup var options: BenchOptions
    @Option(help: "Worker processes (1 to 64).")
    var workers = 2
    @Option(help: "Slots of each worker (1 to 65536).")
    var slots = 64
    @Option(help: "Bytes of each task (1 to 1000000).")
    var payload = 64

    @Option(
        help: ArgumentHelp(
            "Also measure with a ledger in this file, which must not be there yet and is removed again.",
            valueName: "PATH"))
    var ledger: String?

    @Option(
        help: ArgumentHelp("Measure only this ledger: memory, or normal or full in a file.", valueName: "LEDGER"))
    var only: Kind?

    @Option(help: "Tasks submitted a second; flat out when nothing is said.")
    var rate: Double?

    /// The ledgers that can be measured.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case memory
        case normal
        case full
    }

    func validate() throws {
        guard (1...64).contains(self.workers) else { throw ValidationError("--workers takes 1 to 64") }
        guard (1...65536).contains(self.slots) else { throw ValidationError("--slots takes 1 to 65536") }
        guard (1...1_000_000).contains(self.payload) else {
            throw ValidationError("--payload takes 1 to 1000000 bytes")
        }
        guard self.rate.map({ (1...1_000_000).contains($0) }) ?? true else {
            throw ValidationError("--rate takes 1 to 1000000 tasks a second")
        }
        if self.ledger == nil, let only, only != .memory {
            throw ValidationError("--only \(only.rawValue) needs --ledger PATH")
        }
    }

    func run() async throws {
        self.options.watch()
        if let ledger = self.ledger {
            for suffix in Self.suffixes where FileManager.default.fileExists(atPath: ledger + suffix) {
                throw CommandFailure(
                    .usage, "\(ledger + suffix) is there already; --ledger names a file that is made and removed again."
                )
            }
        }
        let window = self.workers * self.slots
        var rows: [BenchRow] = []
        if self.only == nil || self.only == .memory {
            self.say("in memory")
            let inMemory = try await self.dealt(InMemoryLedger())
            var raw: Double?
            if self.options.baseline, self.rate == nil {
                self.say("raw PUSH/PULL")
                raw = try await Self.raw(seconds: self.options.duration, bytes: self.payload, window: window)
            }
            rows.append(
                BenchRow(
                    name: "accepted to completed, in memory", perSecond: inMemory.perSecond, times: inMemory.times,
                    baselineName: "raw PUSH/PULL", baselinePerSecond: raw))
        }
        if let ledger = self.ledger {
            for synchronous in [LedgerSynchronous.normal, .full]
            where self.only == nil || self.only?.rawValue == synchronous.rawValue {
                rows.append(try await self.row(synchronous, path: ledger))
            }
        }
        var settings: [String: Value] = [
            "duration": .double(self.options.duration), "workers": .int(Int64(self.workers)),
            "slots": .int(Int64(self.slots)), "payload": .int(Int64(self.payload)),
            "in_flight": .int(Int64(window)), "ledger": self.ledger.map(Value.string) ?? "memory",
        ]
        settings["rate"] = self.rate.map { .double($0) }
        self.options.show(BenchReport(bench: "dispatch", settings: settings, rows: rows))
    }

    private struct Dealt {
        var perSecond: Double
        var times: BenchTimes
        var count: Int
    }

    private static let suffixes = ["", "-wal", "-shm", ".lock"]

    /// What a ledger in a file does with one setting, and what its rows cost SQLite alone.
    private func row(_ synchronous: LedgerSynchronous, path: String) async throws -> BenchRow {
        let name = synchronous.rawValue.uppercased()
        self.say("ledger in a file, synchronous \(name)")
        defer { Self.remove(path) }
        let dealt: Dealt
        let counters: SQLiteLedger.Counters
        do throws(LedgerError) {
            let ledger = try SQLiteLedger(path: path, synchronous: synchronous, holder: "weft bench dispatch")
            do {
                dealt = try await self.dealt(ledger)
            } catch {
                throw LedgerError(.unavailable, "The measurement failed: \(error)", cause: error)
            }
            counters = ledger.counters
        } catch {
            throw CommandFailure(.failed, error.description)
        }
        Self.remove(path)
        let rowsPerTask = Double(counters.changes) / Double(max(1, dealt.count))
        let baseline = LedgerBaseline(
            TaskSubmission(payload: .bytes([UInt8](repeating: 7, count: self.payload))))
        var perSecond: [Double] = []
        for rows in self.options.baseline && self.rate == nil ? [256, 1] : [] {
            self.say("SQLite alone, synchronous \(name), \(rows == 1 ? "one row" : "\(rows) rows") a transaction")
            let raw = try await baseline.rowsPerSecond(
                path: path, synchronous: synchronous, rows: rows, seconds: self.options.duration)
            perSecond.append(raw / rowsPerTask)
            Self.remove(path)
        }
        return BenchRow(
            name: "accepted to completed, \(name)", perSecond: dealt.perSecond, times: dealt.times,
            baselineName: "the same rows, SQLite alone, 256 a transaction", baselinePerSecond: perSecond.first,
            moreBaselines: perSecond.dropFirst().map { ("the same rows, SQLite alone, 1 a transaction", $0) },
            details: [
                ("rows_per_task", rowsPerTask),
                ("rows_per_transaction", Double(counters.changes) / Double(max(1, counters.transactions))),
            ])
    }

    private static func remove(_ path: String) {
        for suffix in Self.suffixes { try? FileManager.default.removeItem(atPath: path + suffix) }
    }

    /// Says what is measured now, so that nobody wonders.
    private func say(_ what: String) {
        BoundedWriter.error.line("weft bench: \(what), \(self.options.duration) s")
    }

    @concurrent private func dealt(_ ledger: any Ledger) async throws -> Dealt {
        let (window, seconds, bytes, rate) = (self.workers * self.slots, self.options.duration, self.payload, self.rate)
        return try await BenchCluster.with(workers: self.workers, slots: self.slots, ledger: ledger) { cluster in
            let payload = Value.bytes([UInt8](repeating: 7, count: bytes))
            let start = BenchClock.now
            let times: Histogram<UInt64>
            let count: Int
            if let rate {
                (count, times) = try await cluster.run(payload, rate: rate, seconds: seconds)
            } else {
                (count, times) = try await cluster.run(payload, window: window, seconds: seconds)
            }
            return Dealt(
                perSecond: Double(count) / max(Double(BenchClock.now - start) / 1e9, 1e-9),
                times: BenchTimes(times), count: count)
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
