// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol
import WeftValue

/// What became of a request about one task.
public struct TaskActionReport: Hashable, Sendable {
    /// The task's id.
    public var id: String
    /// Where the task is in its life now; nil when it was refused, or is no longer there.
    public var state: TaskState?
    /// Why nothing was done; nil when it was.
    public var refusal: TaskRefusal?

    /// Creates a report.
    public init(id: String, state: TaskState? = nil, refusal: TaskRefusal? = nil) {
        self.id = id
        self.state = state
        self.refusal = refusal
    }
}

extension TaskActionReport {
    /// The report as an answer carries it.
    var value: Value {
        makeMap([
            "i": .string(self.id), "s": self.state.map { .string($0.rawValue) },
            "e": self.refusal.map { .string($0.code.description) }, "m": self.refusal.map { .string($0.message) },
        ])
    }

    init(value: Value) throws(TaskPlaneError) {
        let fields = try TaskFields(value, of: "report")
        self.init(id: try fields.string("i"), state: try fields.optionalString("s").flatMap(TaskState.init(rawValue:)))
        if let label = try fields.optionalString("e") {
            self.refusal = TaskRefusal(TaskRefusal.Code(named: label), try fields.optionalString("m") ?? label)
        }
    }
}
