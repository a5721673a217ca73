// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftBus
package import WeftValue

// How the task plane's types are written as maps with short keys: the same on the wire and in a ledger.

extension TaskEpoch {
    package var value: Value { .array([.string(self.ledgerID), Value(self.counter)]) }

    package init(value: Value) throws(TaskPlaneError) {
        guard case .array(let parts) = value, parts.count == 2, case .string(let ledgerID) = parts[0],
            let counter = parts[1].intValue.flatMap({ UInt64(exactly: $0) })
        else {
            throw TaskPlaneError(.wrongType, "An epoch must be a ledger's id and a counter.")
        }
        self.init(ledgerID: ledgerID, counter: counter)
    }
}

extension TaskReference {
    package var value: Value { .array([.string(self.id), Value(self.attempt), self.epoch.value]) }

    package init(value: Value) throws(TaskPlaneError) {
        guard case .array(let parts) = value, parts.count == 3, case .string(let id) = parts[0], !id.isEmpty,
            let attempt = parts[1].intValue.flatMap({ Int(exactly: $0) }), attempt > 0
        else {
            throw TaskPlaneError(.wrongType, "A reference must be a task's id, an attempt and an epoch.")
        }
        self.init(id: id, attempt: attempt, epoch: try TaskEpoch(value: parts[2]))
    }
}

extension TaskRequest {
    package var value: Value {
        makeMap([
            "i": .string(self.id), "a": Value(self.attempt), "s": .string(self.source.rawValue),
            "g": self.agentID.map(Value.string), "q": .string(self.queue), "n": self.name.map(Value.string),
            "p": self.payload, "d": self.deadline.map(Value.date), "l": self.timeLimit?.microseconds,
            "t": self.traceParent.map(Value.string),
        ])
    }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "task")
        self.init(
            id: try fields.name("i"), attempt: try fields.integer("a", in: 1...1_000_000_000),
            source: try Source(named: try fields.string("s")), agentID: try fields.optionalString("g"),
            queue: try fields.name("q"), name: try fields.optionalString("n"), payload: try fields.value("p"),
            deadline: try fields.optionalDate("d"), timeLimit: try fields.optionalDuration("l"),
            traceParent: try fields.optionalString("t"))
    }
}

extension TaskRequest.Source {
    package init(named name: String) throws(TaskPlaneError) {
        guard let source = Self(rawValue: name) else {
            throw TaskPlaneError(.outOfRange, "A task comes from \"platform\" or \"submit\", not from \"\(name)\".")
        }
        self = source
    }
}

extension TaskSubmission {
    package var value: Value {
        makeMap([
            "i": .string(self.id), "s": .string(self.source.rawValue), "g": self.agentID.map(Value.string),
            "q": .string(self.queue), "n": self.name.map(Value.string), "p": self.payload,
            "r": self.priority == 0 ? Value?.none : Value(self.priority), "m": self.attempts.map { Value($0) },
            "k": self.key.map(Value.string), "v": self.workerLosses.map { Value($0) },
            "d": self.notBefore.map(Value.date), "w": self.waitLimit?.microseconds, "l": self.timeLimit?.microseconds,
            "e": self.totalLimit?.microseconds,
            "f": self.after.isEmpty ? Value?.none : .array(self.after.map(Value.string)),
            "t": self.traceParent.map(Value.string),
        ])
    }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "submission")
        self.init(
            id: try fields.name("i"), source: try TaskRequest.Source(named: try fields.string("s")),
            agentID: try fields.optionalString("g"), queue: try fields.name("q"),
            key: try fields.optionalString("k"), name: try fields.optionalString("n"),
            payload: try fields.value("p"),
            priority: !fields.has("r") ? 0 : try fields.integer("r"),
            attempts: !fields.has("m") ? nil : try fields.integer("m", in: 1...TaskDefaults.maximumAttempts),
            workerLosses: !fields.has("v") ? nil : try fields.integer("v", in: 1...TaskDefaults.maximumAttempts),
            notBefore: try fields.optionalDate("d"), waitLimit: try fields.optionalDuration("w"),
            timeLimit: try fields.optionalDuration("l"), totalLimit: try fields.optionalDuration("e"),
            after: try fields.strings("f"), traceParent: try fields.optionalString("t"))
    }
}

extension TaskOutcome {
    package var value: Value {
        switch self {
        case .completed(let result):
            makeMap([
                "k": "completed", "v": result.value, "s": result.status.map(Value.string), "t": result.tokens,
                "u": result.usedTools.isEmpty ? Value?.none : .array(result.usedTools.map(Value.string)),
            ])
        case .failed(let failure):
            switch failure.retry {
            case .byPolicy: makeMap(["k": "failed", "m": .string(failure.message)])
            case .never: makeMap(["k": "failed", "m": .string(failure.message), "r": "never"])
            case .at(let date):
                makeMap(["k": "failed", "m": .string(failure.message), "r": "again", "d": date.map(Value.date)])
            }
        case .cancelled(let reason):
            makeMap(["k": "cancelled", "m": .string(reason)])
        }
    }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "outcome")
        switch try fields.string("k") {
        case "completed":
            self = .completed(
                TaskResult(
                    try fields.value("v"), status: try fields.optionalString("s"), tokens: fields.optional("t"),
                    usedTools: try fields.strings("u")))
        case "failed":
            let retry: TaskFailure.Retry =
                switch try fields.optionalString("r") {
                case "never"?: .never
                case "again"?: .at(try fields.optionalDate("d"))
                default: .byPolicy
                }
            self = .failed(TaskFailure(try fields.string("m"), retry: retry))
        case "cancelled":
            self = .cancelled(reason: try fields.string("m"))
        case let other:
            throw TaskPlaneError(.outOfRange, "An outcome is completed, failed or cancelled, not \"\(other)\".")
        }
    }
}

extension LedgerStatus {
    package var value: Value {
        makeMap([
            "s": .string(self.state.rawValue), "a": Value(self.attempt), "e": self.epoch?.value,
            "w": self.worker.map { .bytes($0.bytes) },
            "hf": self.handlerFailures == 0 ? Value?.none : Value(self.handlerFailures),
            "wl": self.workerLosses == 0 ? Value?.none : Value(self.workerLosses),
            "rt": self.returns == 0 ? Value?.none : Value(self.returns),
            "rq": self.requeues == 0 ? Value?.none : Value(self.requeues),
            "aw": self.awaits.isEmpty ? Value?.none : .array(self.awaits.map(Value.string)),
            "sa": self.attemptStartedAt.map(Value.date), "nb": self.notBefore.map(Value.date),
            "ws": self.waitsSince.map(Value.date), "eb": self.endsBy.map(Value.date),
            "c": self.cancelReason.map(Value.string), "x": self.reportsEnd ? Value?.none : .bool(true),
            "b": self.hasBegun ? .bool(true) : Value?.none, "o": self.outcome?.value,
            "h": self.history.isEmpty ? Value?.none : .array(self.history.map(\.value)),
            "at": .date(self.acceptedAt), "ut": .date(self.updatedAt),
        ])
    }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "status")
        let name = try fields.string("s")
        guard let state = TaskState(rawValue: name) else {
            throw TaskPlaneError(.outOfRange, "\"\(name)\" is not a state of a task.")
        }
        self.init(acceptedAt: try fields.date("at"))
        self.state = state
        self.attempt = try fields.integer("a", in: 0...1_000_000_000)
        self.epoch = try fields.optionalEpoch("e")
        self.worker = try fields.optionalNode("w")
        self.handlerFailures = !fields.has("hf") ? 0 : try fields.integer("hf", in: 0...1_000_000_000)
        self.workerLosses = !fields.has("wl") ? 0 : try fields.integer("wl", in: 0...1_000_000_000)
        self.returns = !fields.has("rt") ? 0 : try fields.integer("rt", in: 0...1_000_000_000)
        self.requeues = !fields.has("rq") ? 0 : try fields.integer("rq", in: 0...1_000_000_000)
        self.awaits = try fields.strings("aw")
        self.attemptStartedAt = try fields.optionalDate("sa")
        self.notBefore = try fields.optionalDate("nb")
        self.waitsSince = try fields.optionalDate("ws")
        self.endsBy = try fields.optionalDate("eb")
        self.cancelReason = try fields.optionalString("c")
        self.reportsEnd = !(try fields.bool("x"))
        self.hasBegun = try fields.bool("b")
        if let outcome = fields.optional("o") { self.outcome = try TaskOutcome(value: outcome) }
        for attempt in try fields.array("h") { self.history.append(try TaskAttempt(value: attempt)) }
        self.updatedAt = try fields.date("ut")
    }
}

extension TaskAttempt {
    package var value: Value {
        makeMap([
            "a": Value(self.attempt), "w": self.worker.map { .bytes($0.bytes) },
            "s": self.startedAt.map(Value.date), "t": .date(self.endedAt), "m": .string(self.error),
        ])
    }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "attempt")
        self.init(
            attempt: try fields.integer("a"), worker: try fields.optionalNode("w"),
            startedAt: try fields.optionalDate("s"), endedAt: try fields.date("t"), error: try fields.string("m"))
    }
}

extension TaskRecord {
    package var value: Value { makeMap(["t": self.task.value, "s": self.status.value]) }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "record")
        self.init(
            task: try TaskSubmission(value: try fields.value("t")),
            status: try LedgerStatus(value: try fields.value("s")))
    }
}

extension ReportItem {
    package var value: Value {
        switch self.content {
        case .executing:
            makeMap(["i": .string(self.taskID), "g": .string(self.agentID)])
        case .final(let status, let result, let tokens, let usedTools, let format, let task):
            makeMap([
                "i": .string(self.taskID), "g": .string(self.agentID), "s": .string(status), "r": .string(result),
                "t": tokens, "u": usedTools.isEmpty ? Value?.none : .array(usedTools.map(Value.string)),
                "f": format.map(Value.string), "p": task,
                "n": self.requeues == 0 ? Value?.none : Value(self.requeues),
            ])
        }
    }

    package init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "report")
        var content = Content.executing
        if let status = try fields.optionalString("s") {
            content = .final(
                status: status, result: try fields.string("r"), tokens: fields.optional("t"),
                usedTools: try fields.strings("u"), format: try fields.optionalString("f"), task: fields.optional("p"))
        }
        self.init(
            taskID: try fields.name("i"), agentID: try fields.string("g"),
            requeues: !fields.has("n") ? 0 : try fields.integer("n", in: 0...1_000_000_000), content: content)
    }
}
