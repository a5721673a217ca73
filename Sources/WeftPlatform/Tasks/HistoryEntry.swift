// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// One task in a list of tasks: less than the task itself.
public struct HistoryEntry: Hashable, Sendable {
    /// The entry as it came.
    public let raw: Value
    /// The task's id.
    public let id: String

    /// Reads an entry; nil without an id.
    public init?(_ raw: Value) {
        guard let id = raw["id"]?.stringValue, !id.isEmpty else { return nil }
        self.id = id
        self.raw = raw
    }

    /// The agent that the task is for.
    public var agentID: String? { self.raw["agent_id"]?.stringValue }

    /// The task's status; nil if the list does not tell it.
    public var status: TaskStatus? { self.raw["status"]?.stringValue.map(TaskStatus.init(rawValue:)) }

    /// When the task was created.
    public var createdAt: Date? { self.raw["created_at"].flatMap(PlatformDate.read) }

    /// The result, once there is one.
    public var result: String? { self.raw["result"]?.stringValue }
}
