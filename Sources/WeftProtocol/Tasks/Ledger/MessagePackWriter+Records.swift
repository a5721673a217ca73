// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
package import WeftValue

// Records are written straight into a ledger's blobs, without a tree of values between, and with the same bytes as such a tree would have.

extension MessagePackWriter {
    /// Writes what a task is, as `TaskSubmission.value` is written.
    package mutating func write(_ task: TaskSubmission) {
        var count = 4
        if task.notBefore != nil { count += 1 }
        if task.totalLimit != nil { count += 1 }
        if !task.after.isEmpty { count += 1 }
        if task.agentID != nil { count += 1 }
        if task.key != nil { count += 1 }
        if task.timeLimit != nil { count += 1 }
        if task.attempts != nil { count += 1 }
        if task.name != nil { count += 1 }
        if task.priority != 0 { count += 1 }
        if task.traceParent != nil { count += 1 }
        if task.workerLosses != nil { count += 1 }
        if task.waitLimit != nil { count += 1 }
        self.writeMapHeader(count)
        if task.notBefore != nil {
            self.write("d")
            self.writeOptional(task.notBefore)
        }
        if task.totalLimit != nil {
            self.write("e")
            self.writeOptional(task.totalLimit)
        }
        if !task.after.isEmpty {
            self.write("f")
            self.write(task.after)
        }
        if task.agentID != nil {
            self.write("g")
            self.writeOptional(task.agentID)
        }
        self.write("i")
        self.write(task.id)
        if task.key != nil {
            self.write("k")
            self.writeOptional(task.key)
        }
        if task.timeLimit != nil {
            self.write("l")
            self.writeOptional(task.timeLimit)
        }
        if task.attempts != nil {
            self.write("m")
            self.writeOptional(task.attempts)
        }
        if task.name != nil {
            self.write("n")
            self.writeOptional(task.name)
        }
        self.write("p")
        self.write(task.payload)
        self.write("q")
        self.write(task.queue)
        if task.priority != 0 {
            self.write("r")
            self.write(task.priority)
        }
        self.write("s")
        self.write(task.source.rawValue)
        if task.traceParent != nil {
            self.write("t")
            self.writeOptional(task.traceParent)
        }
        if task.workerLosses != nil {
            self.write("v")
            self.writeOptional(task.workerLosses)
        }
        if task.waitLimit != nil {
            self.write("w")
            self.writeOptional(task.waitLimit)
        }
    }

    /// Writes where a task is in its life, as `LedgerStatus.value` is written.
    package mutating func write(_ status: LedgerStatus) {
        var count = 4
        if !status.awaits.isEmpty { count += 1 }
        if status.hasBegun { count += 1 }
        if status.cancelReason != nil { count += 1 }
        if status.epoch != nil { count += 1 }
        if status.endsBy != nil { count += 1 }
        if !status.history.isEmpty { count += 1 }
        if status.handlerFailures != 0 { count += 1 }
        if status.notBefore != nil { count += 1 }
        if status.outcome != nil { count += 1 }
        if status.requeues != 0 { count += 1 }
        if status.returns != 0 { count += 1 }
        if status.attemptStartedAt != nil { count += 1 }
        if status.worker != nil { count += 1 }
        if status.workerLosses != 0 { count += 1 }
        if status.waitsSince != nil { count += 1 }
        if !status.reportsEnd { count += 1 }
        self.writeMapHeader(count)
        self.write("a")
        self.write(status.attempt)
        self.write("at")
        self.write(status.acceptedAt)
        if !status.awaits.isEmpty {
            self.write("aw")
            self.write(status.awaits)
        }
        if status.hasBegun {
            self.write("b")
            self.write(true)
        }
        if status.cancelReason != nil {
            self.write("c")
            self.writeOptional(status.cancelReason)
        }
        if status.epoch != nil {
            self.write("e")
            self.writeOptional(status.epoch)
        }
        if status.endsBy != nil {
            self.write("eb")
            self.writeOptional(status.endsBy)
        }
        if !status.history.isEmpty {
            self.write("h")
            self.write(status.history)
        }
        if status.handlerFailures != 0 {
            self.write("hf")
            self.write(status.handlerFailures)
        }
        if status.notBefore != nil {
            self.write("nb")
            self.writeOptional(status.notBefore)
        }
        if status.outcome != nil {
            self.write("o")
            self.writeOptional(status.outcome)
        }
        if status.requeues != 0 {
            self.write("rq")
            self.write(status.requeues)
        }
        if status.returns != 0 {
            self.write("rt")
            self.write(status.returns)
        }
        self.write("s")
        self.write(status.state.rawValue)
        if status.attemptStartedAt != nil {
            self.write("sa")
            self.writeOptional(status.attemptStartedAt)
        }
        self.write("ut")
        self.write(status.updatedAt)
        if status.worker != nil {
            self.write("w")
            self.writeOptional(status.worker)
        }
        if status.workerLosses != 0 {
            self.write("wl")
            self.write(status.workerLosses)
        }
        if status.waitsSince != nil {
            self.write("ws")
            self.writeOptional(status.waitsSince)
        }
        if !status.reportsEnd {
            self.write("x")
            self.write(true)
        }
    }

    private mutating func write(_ attempt: TaskAttempt) {
        var count = 3
        if attempt.startedAt != nil { count += 1 }
        if attempt.worker != nil { count += 1 }
        self.writeMapHeader(count)
        self.write("a")
        self.write(attempt.attempt)
        self.write("m")
        self.write(attempt.error)
        if attempt.startedAt != nil {
            self.write("s")
            self.writeOptional(attempt.startedAt)
        }
        self.write("t")
        self.write(attempt.endedAt)
        if attempt.worker != nil {
            self.write("w")
            self.writeOptional(attempt.worker)
        }
    }

    private mutating func write(_ attempts: [TaskAttempt]) {
        self.writeArrayHeader(attempts.count)
        for attempt in attempts { self.write(attempt) }
    }

    private mutating func write(_ texts: [String]) {
        self.writeArrayHeader(texts.count)
        for text in texts { self.write(text) }
    }

    private mutating func writeOptional(_ value: Date?) {
        if let value { self.write(value) }
    }

    private mutating func writeOptional(_ value: String?) {
        if let value { self.write(value) }
    }

    private mutating func writeOptional(_ value: Int?) {
        if let value { self.write(value) }
    }

    private mutating func writeOptional(_ value: Duration?) {
        if let value { self.write(value.microseconds) }
    }

    private mutating func writeOptional(_ value: TaskEpoch?) {
        if let value { self.write(value) }
    }

    private mutating func writeOptional(_ value: TaskOutcome?) {
        if let value { self.write(value) }
    }

    private mutating func writeOptional(_ value: NodeID?) {
        if let value { self.write(value.bytes) }
    }
}
