// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftValue

// The messages of which there are as many as tasks are written straight into their frames, without a tree of values between.
// They have the same bytes as such a tree would: the fields of a map sorted by their names, the optional ones missing when empty.

extension MessagePackWriter {
    mutating func write(_ epoch: TaskEpoch) {
        self.writeArrayHeader(2)
        self.write(epoch.ledgerID)
        self.write(epoch.counter)
    }

    mutating func write(_ reference: TaskReference) {
        self.writeArrayHeader(3)
        self.write(reference.id)
        self.write(reference.attempt)
        self.write(reference.epoch)
    }

    mutating func write(_ references: [TaskReference]) {
        self.writeArrayHeader(references.count)
        for reference in references { self.write(reference) }
    }

    mutating func write(_ request: TaskRequest) {
        var count = 5
        if request.deadline != nil { count += 1 }
        if request.agentID != nil { count += 1 }
        if request.timeLimit != nil { count += 1 }
        if request.name != nil { count += 1 }
        if request.traceParent != nil { count += 1 }
        self.writeMapHeader(count)
        self.write(key: "a")
        self.write(request.attempt)
        if let deadline = request.deadline {
            self.write(key: "d")
            self.write(deadline)
        }
        if let agentID = request.agentID {
            self.write(key: "g")
            self.write(agentID)
        }
        self.write(key: "i")
        self.write(request.id)
        if let limit = request.timeLimit {
            self.write(key: "l")
            self.write(limit.microseconds)
        }
        if let name = request.name {
            self.write(key: "n")
            self.write(name)
        }
        self.write(key: "p")
        self.write(request.payload)
        self.write(key: "q")
        self.write(request.queue)
        self.write(key: "s")
        self.write(request.source.rawValue)
        if let trace = request.traceParent {
            self.write(key: "t")
            self.write(trace)
        }
    }

    mutating func write(_ outcome: TaskOutcome) {
        guard case .completed(let result) = outcome, result.status == nil, result.tokens == nil,
            result.usedTools.isEmpty
        else { return self.write(outcome.value) }
        self.writeMapHeader(2)
        self.write(key: "k")
        self.write("completed")
        self.write(key: "v")
        self.write(result.value)
    }

    mutating func write(_ endings: [TaskEnding]) {
        self.writeArrayHeader(endings.count)
        for ending in endings {
            self.writeArrayHeader(2)
            self.write(ending.reference)
            self.write(ending.outcome)
        }
    }
}
