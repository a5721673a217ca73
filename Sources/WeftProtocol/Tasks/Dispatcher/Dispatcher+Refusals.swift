// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftValue

extension Dispatcher {
    /// Why a task cannot be taken; nil when it can.
    func refusal(of task: TaskSubmission) -> TaskRefusal? {
        if self.isDraining {
            return TaskRefusal(.draining, "The coordinator is stopping and takes no more tasks; submit again later.")
        }
        if let refusal = Self.badName(of: task) ?? Self.badLimit(of: task) { return refusal }
        let bytes = task.payload.approximateBytes
        if bytes > self.configuration.maximumTaskBytes {
            return TaskRefusal(
                .tooLarge,
                "The task has about \(bytes) bytes, more than the \(self.configuration.maximumTaskBytes) allowed; put large data elsewhere and send its address."
            )
        }
        if self.entries.count >= self.configuration.maximumUnfinished {
            return TaskRefusal(
                .full,
                "\(self.entries.count) tasks wait or run, as many as are allowed; start more workers or submit later.")
        }
        if self.unfinishedBytes + bytes > self.configuration.maximumUnfinishedBytes {
            return TaskRefusal(
                .full,
                "The tasks that wait or run take about \(self.unfinishedBytes) bytes, and no more than \(self.configuration.maximumUnfinishedBytes) are allowed; start more workers or submit later."
            )
        }
        return nil
    }

    private static func badName(of task: TaskSubmission) -> TaskRefusal? {
        // Nearly every task is in order; only one that is not need be looked at name by name.
        func isGood(_ text: String?) -> Bool {
            text.map { (1...TaskDefaults.maximumNameBytes).contains($0.utf8.count) } ?? true
        }
        if isGood(task.id), isGood(task.queue), isGood(task.key), isGood(task.name), isGood(task.agentID),
            isGood(task.traceParent), task.after.isEmpty
        {
            return nil
        }
        var names = [("id", task.id), ("queue", task.queue)]
        // The platform's agent came with its own stream, and a platform cannot be refused anything.
        let agentID = task.source == .submit ? task.agentID : nil
        for case (let name, let text?) in [
            ("key", task.key), ("name", task.name), ("agent", agentID), ("trace context", task.traceParent),
        ] { names.append((name, text)) }
        for id in task.after { names.append(("predecessor", id)) }
        for (name, text) in names where text.isEmpty || text.utf8.count > TaskDefaults.maximumNameBytes {
            return TaskRefusal(
                .invalid,
                "The task's \(name) has \(text.utf8.count) bytes; it must have 1 to \(TaskDefaults.maximumNameBytes).")
        }
        guard task.after.count > TaskDefaults.maximumPredecessors else { return nil }
        return TaskRefusal(
            .invalid,
            "The task is to wait for \(task.after.count) others; it may wait for \(TaskDefaults.maximumPredecessors). Let some of those wait for each other."
        )
    }

    private static func badLimit(of task: TaskSubmission) -> TaskRefusal? {
        guard
            task.waitLimit != nil || task.timeLimit != nil || task.totalLimit != nil || task.attempts != nil
                || task.workerLosses != nil
        else { return nil }
        let limits = [
            ("limit on waiting", task.waitLimit), ("time limit", task.timeLimit), ("limit in all", task.totalLimit),
        ]
        // What is accepted must be readable again, on the wire and in the ledger.
        for case (let name, let limit?) in limits where limit <= .zero || limit > TaskDefaults.longestLimit {
            return TaskRefusal(
                .invalid,
                "The task's \(name) is \(limit); it must be more than nothing, and at most \(TaskDefaults.longestLimit)."
            )
        }
        for case (let name, let count?) in [("attempts", task.attempts), ("lost workers", task.workerLosses)]
        where !(1...TaskDefaults.maximumAttempts).contains(count) {
            return TaskRefusal(
                .invalid,
                "The task's number of \(name) is \(count); it must be 1 to \(TaskDefaults.maximumAttempts).")
        }
        return nil
    }

    /// Whether two tasks of the same id ask for different things.
    ///
    /// How often and when they may run says nothing about what they are. The platform writes much of its task object itself, anew with each
    /// delivery; what was asked is the input.
    static func conflicts(_ known: TaskSubmission, _ new: TaskSubmission) -> Bool {
        guard known.source == new.source else { return true }
        if known.source == .platform { return known.payload["input"] != new.payload["input"] }
        return known.agentID != new.agentID || known.queue != new.queue || known.key != new.key
            || known.name != new.name || known.after != new.after || known.payload != new.payload
    }
}
