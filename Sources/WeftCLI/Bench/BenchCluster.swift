// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Histogram
import Locking
import Logging
import Weft
import WeftProtocol
import WeftValue

/// A coordinator in this process and worker processes whose tasks do nothing.
struct BenchCluster: Sendable {
    private let node: Node

    /// Runs one task to its end.
    ///
    /// - Parameters:
    ///   - payload: What the handler is given, and does not look at.
    ///   - onAccepted: Is called when the task is in the ledger.
    func run(_ payload: Value, onAccepted: () -> Void = {}) async throws {
        let receipt = try await self.node.submit(TaskSubmission(payload: payload))
        onAccepted()
        let outcome = try await receipt.outcome()
        guard case .completed = outcome else {
            throw CommandFailure(.failed, "a task that does nothing did not complete: \(outcome)")
        }
    }

    /// Runs tasks flat out, so many at any time.
    ///
    /// - Returns: How many, and how long each took from its acceptance to its end, in nanoseconds.
    func run(_ payload: Value, window: Int, seconds: Double) async throws -> (Int, Locked<Histogram<UInt64>>) {
        let times = Self.histogram()
        let end = ContinuousClock.now + .seconds(seconds)
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<window {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        var accepted = ContinuousClock.now
                        try await self.run(payload) { accepted = ContinuousClock.now }
                        let time = (ContinuousClock.now - accepted).nanoseconds
                        times.withLock { _ = $0.record(time) }
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return (count, times)
    }

    /// Runs tasks that are due at fixed times, however many that leaves unfinished.
    ///
    /// - Returns: How many, and how long after it was due each ended, in nanoseconds.
    func run(_ payload: Value, rate: Double, seconds: Double) async throws -> (Int, Locked<Histogram<UInt64>>) {
        let times = Self.histogram()
        let total = max(1, Int(seconds * rate))
        try await withThrowingDiscardingTaskGroup { group in
            let schedule = BenchSchedule(rate: rate)
            for index in 0..<total {
                let due = schedule.time(of: index)
                BenchClock.sleep(until: due)
                group.addTask {
                    try await self.run(payload)
                    let now = BenchClock.now
                    times.withLock { _ = $0.record(now - min(now, due)) }
                }
            }
        }
        return (total, times)
    }

    private static func histogram() -> Locked<Histogram<UInt64>> {
        Locked(Histogram<UInt64>(highestTrackableValue: 600_000_000_000))
    }

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
                    let result = try await body(BenchCluster(node: node))
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
