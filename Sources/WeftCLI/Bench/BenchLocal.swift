// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Histogram
import Locking
import WeftBus
import WeftValue

/// `weft bench local`: emits within one process.
struct BenchLocal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local",
        abstract: "Emit within one process, history on.",
        discussion: """
            Example:
              weft bench local --duration 1 --json
            The baseline is a dictionary of closures behind a lock, without history.
            """)

    @OptionGroup var options: BenchOptions

    @Option(help: "Emit so many in each row, however long it takes.")
    var count: Int?

    func validate() throws {
        guard self.count.map({ (1...1_000_000_000).contains($0) }) ?? true else {
            throw ValidationError("--count takes 1 to 1000000000 events")
        }
    }

    func run() async throws {
        self.options.watch()
        self.options.show(
            BenchReport(
                bench: "local", settings: ["duration": .double(self.options.duration)],
                rows: await Self.rows(self.options, count: self.count)))
    }

    // Not in `run()`: what is timed must not hop between executors.
    @concurrent private static func rows(_ options: BenchOptions, count: Int?) async -> [BenchRow] {
        let loop = MeasuringLoop(seconds: options.duration, count: count)
        let table = Locked<[String: [@Sendable (String, Int) -> Void]]>(["user:login": [{ _, _ in }]])
        let bare =
            options.baseline
            ? loop.run { table.withLock { $0["user:login"] }?.forEach { $0("john_doe", 1) } } : nil

        let bus = EventBus()
        bus.on("user:login") { (_: String, _: Int) in }
        let key: EventKey<String, Int> = "user:login"
        let synchronous = loop.run { bus.emitSync(key, "john_doe", 1) }

        let pattern = EventBus()
        pattern.on(matching: "user:*") { (_: EventRecord) in }
        let wildcard = loop.run { pattern.emitSync(key, "john_doe", 1) }

        let awaiting = EventBus()
        awaiting.on("user:login") { (_: String, _: Int) async in }
        let asynchronous = await loop.run { await awaiting.emit(key, "john_doe", 1) }

        return [
            ("emitSync, typed, 1 listener", synchronous), ("emitSync, 1 pattern listener", wildcard),
            ("emit, awaiting 1 async listener", asynchronous),
        ].map { name, measured in
            BenchRow(
                name: name, perSecond: measured.perSecond, times: measured.times,
                baselineName: "dictionary of closures, lock", baselinePerSecond: bare?.perSecond,
                baselineTimes: bare?.times)
        }
    }
}
