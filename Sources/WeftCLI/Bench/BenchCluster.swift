// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Histogram
import Locking
import Logging
import Weft
import WeftProtocol
import WeftValue

/// A coordinator in this process and worker processes whose tasks do nothing.
struct BenchCluster: Sendable {
    private let flow: TaskFlow

    /// Submits tasks; when this returns, they are in the ledger.
    ///
    /// - Parameters:
    ///   - payload: What the handler is given, and does not look at.
    ///   - count: How many.
    func submit(_ payload: Value, count: Int) async throws {
        for answer in try await self.flow.submit((0..<count).map { _ in TaskSubmission(payload: payload) }) {
            _ = try answer.get()
        }
    }

    /// The tasks that have ended since the last time, as soon as there are any.
    func ended() async throws -> [TaskRecord] {
        guard let ended = await self.flow.next() else {
            throw CommandFailure(.failed, "the coordinator has ended")
        }
        for record in ended where record.state != .completed {
            throw CommandFailure(.failed, "a task that does nothing is \(record.state)")
        }
        return ended
    }

    /// Runs one task to its end, while nobody else uses the cluster.
    func run(_ payload: Value) async throws {
        try await self.submit(payload, count: 1)
        _ = try await self.ended()
    }

    /// Runs tasks flat out, so many at any time.
    ///
    /// - Returns: How many, and how long each took from its acceptance to its end, in nanoseconds.
    func run(_ payload: Value, window: Int, seconds: Double) async throws -> (Int, Histogram<UInt64>) {
        var times = Self.histogram
        let end = ContinuousClock.now + .seconds(seconds)
        try await self.submit(payload, count: window)
        var (count, inFlight) = (0, window)
        while inFlight > 0 {
            let ended = try await self.ended()
            let now = Date()
            for record in ended { times.record(UInt64(max(0, now.timeIntervalSince(record.acceptedAt)) * 1e9)) }
            count += ended.count
            inFlight -= ended.count
            guard ContinuousClock.now < end else { continue }
            try await self.submit(payload, count: ended.count)
            inFlight += ended.count
        }
        return (count, times)
    }

    /// Runs tasks that are due at fixed times, however many that leaves unfinished.
    ///
    /// - Returns: How many, and how long after it was due each ended, in nanoseconds.
    func run(_ payload: Value, rate: Double, seconds: Double) async throws -> (Int, Histogram<UInt64>) {
        let total = max(1, Int(seconds * rate))
        let dues = Locked<[String: UInt64]>([:])
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let schedule = BenchSchedule(rate: rate)
                var next = 0
                while next < total {
                    BenchClock.sleep(until: schedule.time(of: next))
                    // What has become due meanwhile goes together.
                    var tasks: [TaskSubmission] = []
                    repeat {
                        let (task, due) = (TaskSubmission(payload: payload), schedule.time(of: next))
                        dues.withLock { $0[task.id] = due }
                        tasks.append(task)
                        next += 1
                    } while next < total && schedule.time(of: next) <= BenchClock.now
                    for answer in try await self.flow.submit(tasks) { _ = try answer.get() }
                }
            }
            var times = Self.histogram
            var count = 0
            while count < total {
                let ended = try await self.ended()
                let now = BenchClock.now
                for record in ended {
                    let due = dues.withLock { $0.removeValue(forKey: record.task.id) } ?? now
                    times.record(now - min(now, due))
                }
                count += ended.count
            }
            try await group.waitForAll()
            return (total, times)
        }
    }

    private static var histogram: Histogram<UInt64> { Histogram(highestTrackableValue: 600_000_000_000) }

    /// Runs something with a cluster, which is ended afterwards in any case.
    ///
    /// - Parameters:
    ///   - workers: How many worker processes.
    ///   - slots: How many tasks each runs at once.
    ///   - ledger: Where tasks are recorded; closed afterwards.
    ///   - body: What to run, once all workers are ready.
    static func with<Result: Sendable>(
        workers: Int, slots: Int, ledger: any Ledger = InMemoryLedger(),
        _ body: @escaping @Sendable (BenchCluster) async throws -> Result
    ) async throws -> Result {
        let bus = EventBus()
        return try await Node.with(.init(name: "bench", roles: [.peer], bus: bus, logger: Self.logger)) { node in
            let coordinator = try Coordinator(node: node, ledger: ledger)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await coordinator.run() }
                let arguments = ["worker", "--join", try await node.controlEndpoint, "--slots", String(slots)]
                let children = try (0..<workers).map { _ in try BenchChild(arguments) }
                do {
                    for child in children { _ = try await child.next() }
                    let result = try await body(BenchCluster(flow: coordinator.makeFlow()))
                    for child in children { await child.stop() }
                    await coordinator.requestStop()
                    try await group.waitForAll()
                    return result
                } catch {
                    for child in children { await child.stop() }
                    await coordinator.requestStop()
                    throw error
                }
            }
        }
    }

    /// Is one of the worker processes.
    static func work(join: String, slots: Int) async throws {
        let node = Node(configuration: .init(name: "bench-worker", seeds: [join], bus: EventBus(), logger: Self.logger))
        try await node.start()
        var configuration = WorkerConfiguration()
        configuration.slots = slots
        let worker = try Worker(node: node, runner: NoTask(), configuration: configuration)
        Signals.shared.onStop {
            // Only passes the signal on.
            Task { await worker.stop() }
        }
        await BenchPeer.say(["ready": true])
        try await worker.run()
        await node.stop()
    }

    /// Quiet: what is measured shall not wait for a terminal.
    static var logger: Logger {
        var logger = Logger(label: "weft.bench")
        logger.logLevel = .warning
        return logger
    }

    private struct NoTask: TaskRunner {
        var agentIDs: [String] { [] }
        func run(_ request: TaskRequest, context: TaskContext) async -> TaskOutcome { .completed(TaskResult(.null)) }
    }
}
