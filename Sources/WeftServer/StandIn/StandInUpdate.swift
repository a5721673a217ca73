// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
import WeftValue

/// One update of a task that a client has sent.
public struct StandInUpdate: Hashable, Sendable {
    /// When it came.
    public let time: Date
    /// The status in it, if any.
    public let status: String?
    /// The result in it, if any.
    public let result: String?
    /// Whether it was the whole task and not only what changes.
    public let isWhole: Bool
    /// Whether it brought the final status that the task already had, with the same result.
    public let isRepeat: Bool
    /// Whether it contradicted the final status or the result that the task already had, and was ignored.
    public let isConflict: Bool

    /// Whether its status ends a task.
    public var isFinal: Bool { self.status.map(StandInTask.finalStatuses.contains) ?? false }

    var value: Value {
        [
            "time": .string(self.time.rfc3339Microseconds), "status": self.status.map(Value.string) ?? .null,
            "result": self.result.map(Value.string) ?? .null, "whole": .bool(self.isWhole),
            "repeat": .bool(self.isRepeat), "conflict": .bool(self.isConflict),
        ]
    }
}
