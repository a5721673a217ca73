// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the demo shows while it runs, and at its end; with `--json` only one object at its end.
struct DemoReport: Sendable {
    /// Above so many tasks, not each one gets a line of its own.
    private static let mostLines = 60

    let isJSON: Bool
    let isColoured: Bool
    let total: Int
    private var shown: Set<String> = []
    private(set) var byWorker: [String: Int] = [:]
    private(set) var completed = 0
    private(set) var failed = 0

    init(isJSON: Bool, total: Int) {
        self.isJSON = isJSON
        self.isColoured = !isJSON && Terminal.isColoured(STDOUT_FILENO)
        self.total = total
    }

    var isDone: Bool { self.completed + self.failed >= self.total }

    func say(_ text: String) {
        guard !self.isJSON else { return }
        BoundedWriter.output.line(text)
    }

    func started(_ process: DemoProcess, _ detail: String) {
        self.say("  \(self.padded(process.name, 12)) pid \(self.padded(String(process.processID), 8)) \(detail)")
    }

    /// Takes the state of all tasks and shows what is new.
    mutating func update(_ tasks: [DemoPlatform.Task], seconds: Double) {
        let before = self.completed + self.failed
        for task in tasks where task.isFinal && self.shown.insert(task.id).inserted {
            if task.isCompleted {
                self.completed += 1
                self.byWorker[task.worker ?? "unknown", default: 0] += 1
            } else {
                self.failed += 1
            }
            guard self.total <= Self.mostLines else { continue }
            let status = self.isColoured ? "\u{1B}[\(task.isCompleted ? 32 : 31)m\(task.status)\u{1B}[0m" : task.status
            self.say("  \(Self.time(seconds))  \(task.id)  \(status)  \(Terminal.safe(task.result, limit: 100))")
        }
        let now = self.completed + self.failed
        if self.total > Self.mostLines, now != before {
            let counts = self.byWorker.sorted { Self.order($0.key) < Self.order($1.key) }.map {
                "\($0.key) \($0.value)"
            }
            self.say("  \(Self.time(seconds))  \(now) of \(self.total) tasks  (\(counts.joined(separator: ", ")))")
        }
    }

    /// Sums up.
    func finish(workers: [String], seconds: Double, pids: [String: Value], streamBytes: Int64) {
        if self.isJSON {
            let summary: Value = [
                "tasks": Value.int(Int64(self.total)), "completed": .int(Int64(self.completed)),
                "failed": .int(Int64(self.failed)), "workers": .int(Int64(workers.count)),
                "seconds": .double((seconds * 1000).rounded() / 1000), "pids": .object(pids),
                "sse_bytes": .int(streamBytes),
                "by_worker": .object(self.byWorker.mapValues { .int(Int64($0)) }),
            ]
            BoundedWriter.output.line(summary.json())
            return
        }
        self.say("")
        let most = max(1, self.byWorker.values.max() ?? 1)
        for worker in workers {
            let count = self.byWorker[worker] ?? 0
            let bar = String(repeating: "█", count: count * 40 / most)
            self.say("  \(self.padded(worker, 12)) \(self.padded("\(count) tasks", 12)) \(bar)")
        }
        self.say("")
        self.say(
            "\(self.completed) of \(self.total) tasks completed, \(self.failed) failed, by \(workers.count) workers in "
                + "\(Self.time(seconds)); \(streamBytes) bytes came over the event stream")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Seconds with two decimals.
    private static func time(_ seconds: Double) -> String {
        let hundredths = Int(clamping: Int64((min(max(0, seconds), 1e9) * 100).rounded()))
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }

    /// Names in the order of their numbers: worker-2 before worker-10.
    private static func order(_ name: String) -> (Int, String) {
        (name.split(separator: "-").last.flatMap { Int($0) } ?? Int.max, name)
    }
}
