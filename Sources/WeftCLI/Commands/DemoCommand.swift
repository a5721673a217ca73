// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import WeftValue

/// The command `weft demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows a whole cluster at work on this machine.",
        discussion: """
            Starts a stand-in for the task platform, a coordinator and workers, each a process of its own; hands tasks to \
            the platform over HTTP, shows which worker ran what, and sums up. The coordinator gets the tasks over a real \
            event stream (SSE), deals them to the workers over ZeroMQ, and reports their results back. Ends with 0 only \
            if all tasks completed.

            Examples:
              weft demo
              weft demo --workers 4 --tasks 200 --json
            """)

    @Option(help: "How many workers to start.")
    var workers = 3

    @Option(help: "How many tasks to run.")
    var tasks = 20

    @Option(help: "Give up after so many seconds.")
    var timeout = 120.0

    @Flag(help: "Print one JSON object at the end, and nothing else.")
    var json = false

    @Flag(help: "Pass on what the processes log.")
    var verbose = false

    func validate() throws {
        guard (1...64).contains(self.workers) else { throw ValidationError("--workers must be from 1 to 64.") }
        guard (1...100_000).contains(self.tasks) else { throw ValidationError("--tasks must be from 1 to 100000.") }
        guard self.timeout > 0, self.timeout <= 86_400 else {
            throw ValidationError("--timeout must be from 0 to 86400.")
        }
    }

    func run() async throws {
        let cluster = DemoCluster(isVerbose: self.verbose)
        Signals.shared.onAbort { cluster.kill() }
        do {
            try await CommandRun.interruptible(endsWithReader: true) { try await self.show(cluster) }
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    private func show(_ cluster: DemoCluster) async throws {
        var report = DemoReport(isJSON: self.json, total: self.tasks)
        report.say("Starting a stand-in platform, a coordinator and \(self.workers) workers …")
        let (url, endpoint) = try await cluster.start(workers: self.workers)
        let names = DemoCluster.workerNames(self.workers)
        for process in cluster.all {
            switch process.name {
            case "platform": report.started(process, url)
            case "coordinator": report.started(process, endpoint)
            default: report.started(process, "\(DemoCluster.slotsPerWorker) slots")
            }
        }
        report.say("Handing \(self.tasks) tasks to the platform …")

        let platform = DemoPlatform(url: url)
        let clock = ContinuousClock()
        let start = clock.now
        let deadline = start + .seconds(self.timeout)
        // Tasks are handed in while others already run, as they would be by many people.
        async let handing: Void = Self.hand(self.tasks, to: platform)
        while !report.isDone {
            report.update(try await platform.tasks(), seconds: Self.seconds(since: start, clock))
            if report.isDone { break }
            if let fallen = cluster.fallen {
                throw CommandFailure(.failed, "\(fallen.name) has ended unexpectedly\(fallen.transcript)")
            }
            guard clock.now < deadline else {
                throw CommandFailure(
                    .timedOut,
                    "only \(report.completed + report.failed) of \(self.tasks) tasks ended within \(self.timeout) s"
                        + cluster.all.map(\.transcript).joined())
            }
            // How often the picture is renewed; nothing waits for it.
            try await Task.sleep(for: .milliseconds(100))
        }
        try await handing
        let pids: [String: Value] = [
            "demo": [.int(Int64(Process.id))], "platform": Self.pids(cluster.all.prefix(1)),
            "coordinator": Self.pids(cluster.all.dropFirst().prefix(1)), "workers": Self.pids(cluster.all.dropFirst(2)),
        ]
        report.finish(
            workers: names, seconds: Self.seconds(since: start, clock), pids: pids,
            streamBytes: try await platform.streamBytes())
        guard report.completed == self.tasks else { throw CommandFailure(.failed, "\(report.failed) tasks failed") }
    }

    private static func hand(_ count: Int, to platform: DemoPlatform) async throws {
        let width = String(count).count
        for number in 1...max(1, count) {
            let digits = String(number)
            let id = "demo-" + String(repeating: "0", count: max(0, width - digits.count)) + digits
            try await platform.hand(id: id, text: "task number \(number) of the demo")
        }
    }

    private static func pids(_ processes: some Sequence<DemoProcess>) -> Value {
        .array(processes.map { .int(Int64($0.processID)) })
    }

    private static func seconds(since start: ContinuousClock.Instant, _ clock: ContinuousClock) -> Double {
        (clock.now - start) / .seconds(1)
    }
}
