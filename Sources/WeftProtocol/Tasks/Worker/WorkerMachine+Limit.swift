// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension WorkerMachine.Held {
    /// Begins to run: from here on the time limit counts, on a clock that nobody sets.
    mutating func begin(at now: Moment) {
        self.phase = .running
        var left = self.request.timeLimit
        if let deadline = self.request.deadline {
            // A date from outside may be anything; a year is as good as no limit.
            let untilDeadline = Duration.seconds(min(max(0, deadline.timeIntervalSince(now.date)), 365 * 86_400))
            left = min(left ?? untilDeadline, untilDeadline)
        }
        guard let left else { return }
        self.limit = now.monotonic + left
        // What runs the task sees the nearer of the two.
        self.request.deadline = now.date.addingTimeInterval(left.inSeconds)
    }
}

extension TaskFailure {
    /// The failure of an attempt that ran as long as it may; its message begins in the same way whoever notices first.
    package static func timeLimit(of request: TaskRequest) -> TaskFailure {
        if let limit = request.timeLimit {
            return TaskFailure("The task ran into its time limit of \(Self.text(limit)) and was stopped.")
        }
        return TaskFailure("The task ran into its time limit and was stopped.")
    }

    /// A duration as people write it, such as `1.5 s`.
    package static func text(_ duration: Duration) -> String {
        let milliseconds = (duration.inSeconds * 1000).rounded()
        guard milliseconds < 9e15 else { return "\(duration)" }
        let whole = Int64(milliseconds)
        guard whole % 1000 != 0 else { return "\(whole / 1000) s" }
        var fraction = String(whole % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(whole / 1000).\(fraction) s"
    }
}
