// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Weft
import WeftBus
import WeftProtocol
import WeftValue

/// The file of `weft coordinator --config`; docs/configuration.md describes it.
struct CoordinatorFile {
    /// How tasks are dealt and tried, and how long the coordinator takes to stop.
    private(set) var coordinator = CoordinatorConfiguration()
    /// Where the ledger is, and what it keeps.
    private(set) var ledger = LedgerSettings()

    /// What runs without a file.
    init() {}

    /// Reads a file.
    ///
    /// - Throws: ``CommandFailure`` with ``ExitStatus/configuration`` that names every mistake and its place.
    init(path: String) throws(CommandFailure) {
        let text: Data
        do {
            text = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw CommandFailure(
                .configuration, "--config: \(path) cannot be read; see that it is there, and its permissions")
        }
        try self.init(text: text, of: path)
    }

    /// Reads what a file says.
    ///
    /// - Throws: ``CommandFailure`` as ``init(path:)`` does.
    init(text: some Collection<UInt8>, of path: String) throws(CommandFailure) {
        let value: Value
        do throws(JSONError) {
            value = try Value(json: text)
        } catch {
            throw CommandFailure(.configuration, "--config: \(path) is not JSON: \(error)")
        }
        try self.init(value, of: path)
    }

    private init(_ value: Value, of path: String) throws(CommandFailure) {
        var reader = FileReader()
        let root = reader.root(value, keys: ["tasks", "triggers", "ledger"])
        self.readTasks(&reader, root)
        self.readTriggers(&reader, root)
        self.ledger = LedgerSettings(&reader, root)
        guard reader.problems.isEmpty else {
            let list = reader.problems.map { "\n  \($0)" }.joined()
            throw CommandFailure(.configuration, "--config: \(path) says what cannot be:\(list)")
        }
    }

    private mutating func readTasks(_ reader: inout FileReader, _ root: FileReader.Section) {
        let tasks = reader.section(
            "tasks", of: root,
            keys: [
                "maximum_running", "maximum_unfinished", "maximum_unfinished_bytes", "maximum_unreported",
                "maximum_workers",
                "maximum_task_bytes",
                "maximum_result_bytes", "lease", "loss_grace", "reclaim_grace", "limit_grace", "drain", "retry",
                "default_queue", "queues",
            ])
        var settings = self.coordinator.dispatcher
        settings.maximumRunning = reader.integer("maximum_running", of: tasks, in: 1...10_000_000)
        if let number = reader.integer("maximum_unfinished", of: tasks, in: 1...10_000_000) {
            settings.maximumUnfinished = number
        }
        if let number = reader.integer("maximum_unfinished_bytes", of: tasks, in: (1 << 20)...(1 << 40)) {
            settings.maximumUnfinishedBytes = number
        }
        if let number = reader.integer("maximum_unreported", of: tasks, in: 1...10_000_000) {
            settings.maximumUnreported = number
        }
        if let number = reader.integer("maximum_workers", of: tasks, in: 1...TaskDefaults.maximumWorkers) {
            settings.maximumWorkers = number
        }
        // The frames that carry them are bounded, too.
        if let number = reader.integer("maximum_task_bytes", of: tasks, in: 1024...TaskDefaults.maximumTaskBytes) {
            settings.maximumTaskBytes = number
        }
        if let number = reader.integer("maximum_result_bytes", of: tasks, in: 1024...TaskDefaults.maximumResultBytes) {
            settings.maximumResultBytes = number
        }
        // A lease must outlive a few heartbeats that come late.
        if let lease = reader.duration("lease", of: tasks, from: settings.heartbeat * 3) { settings.lease = lease }
        if let grace = reader.duration("loss_grace", of: tasks) { settings.lossGrace = grace }
        if let grace = reader.duration("reclaim_grace", of: tasks) { settings.reclaimGrace = grace }
        if let grace = reader.duration("limit_grace", of: tasks) { settings.limitGrace = grace }
        if let drain = reader.duration("drain", of: tasks) { self.coordinator.drainDeadline = drain }
        self.readRetry(&reader, tasks, &settings.retry)
        if tasks.members["default_queue"] != nil {
            let section = reader.section("default_queue", of: tasks, keys: Self.queueKeys)
            Self.readQueue(&reader, section, &settings.defaultQueue)
        }
        let queues = reader.section("queues", of: tasks, keys: nil)
        for name in queues.members.keys.sorted() {
            // What a queue does not say itself is the default queue's.
            var queue = settings.defaultQueue
            Self.readQueue(&reader, reader.section(name, of: queues, keys: Self.queueKeys), &queue)
            settings.queues[name] = queue
        }
        self.coordinator.dispatcher = settings
    }

    private func readRetry(_ reader: inout FileReader, _ tasks: FileReader.Section, _ retry: inout RetryPolicy) {
        let section = reader.section(
            "retry", of: tasks,
            keys: ["handler_attempts", "worker_losses", "returns", "backoff", "maximum_backoff"])
        if let number = reader.integer("handler_attempts", of: section, in: 1...TaskDefaults.maximumAttempts) {
            retry.handlerAttempts = number
        }
        if let number = reader.integer("worker_losses", of: section, in: 1...TaskDefaults.maximumAttempts) {
            retry.workerLossAttempts = number
        }
        if let number = reader.integer("returns", of: section, in: 1...TaskDefaults.maximumAttempts) {
            retry.returnLimit = number
        }
        if let pause = reader.duration("backoff", of: section) { retry.backoff = pause }
        if let pause = reader.duration("maximum_backoff", of: section) { retry.maximumBackoff = pause }
    }

    private mutating func readTriggers(_ reader: inout FileReader, _ root: FileReader.Section) {
        let triggers = reader.section("triggers", of: root, keys: nil)
        for name in triggers.members.keys.sorted() {
            let section = reader.section(
                name, of: triggers,
                keys: [
                    "event", "agent", "queue", "key", "priority", "attempts", "worker_losses", "wait_limit",
                    "time_limit", "total_limit",
                ])
            guard let pattern = reader.pattern("event", of: section) else { continue }
            var task = TaskSubmission(payload: .null)
            task.agentID = reader.text("agent", of: section)
            if let queue = reader.text("queue", of: section) { task.queue = queue }
            task.key = reader.text("key", of: section)
            if let number = reader.integer("priority", of: section, in: -1_000_000...1_000_000) {
                task.priority = number
            }
            task.attempts = reader.integer("attempts", of: section, in: 1...TaskDefaults.maximumAttempts)
            task.workerLosses = reader.integer("worker_losses", of: section, in: 1...TaskDefaults.maximumAttempts)
            task.waitLimit = reader.duration("wait_limit", of: section)
            task.timeLimit = reader.duration("time_limit", of: section)
            task.totalLimit = reader.duration("total_limit", of: section)
            self.coordinator.triggers.append(TaskTrigger(name: name, on: pattern, task: task))
        }
    }

    private static let queueKeys = ["weight", "maximum_running", "maximum_running_per_key", "rate", "burst"]

    private static func readQueue(
        _ reader: inout FileReader, _ section: FileReader.Section, _ queue: inout QueueConfiguration
    ) {
        if let number = reader.integer("weight", of: section, in: 1...1_000_000) { queue.weight = number }
        if let number = reader.integer("maximum_running", of: section, in: 1...10_000_000) {
            queue.maximumRunning = number
        }
        if let number = reader.integer("maximum_running_per_key", of: section, in: 1...10_000_000) {
            queue.maximumRunningPerKey = number
        }
        if let number = reader.positiveNumber("rate", of: section, upTo: 1_000_000) { queue.rate = number }
        if let number = reader.integer("burst", of: section, in: 1...10_000_000) { queue.burst = number }
    }
}
