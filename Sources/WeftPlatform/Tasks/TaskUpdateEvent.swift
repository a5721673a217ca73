// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// One event of a task's update stream, and what a worker pushes there while it works.
public struct TaskUpdateEvent: Hashable, Sendable {
    /// What happened, `chunk` or `tool_call_request` for instance.
    public var type: String
    /// The task that it happened to.
    public var taskID: String
    /// The task's organization.
    public var organizationID: String
    /// When it happened.
    public var time: Date
    /// What belongs to it; for types starting with `task` it is a task.
    public var data: Value
    /// Who did it (`name`, `icon`); nil for nobody in particular.
    public var identity: Value?

    /// Creates an event.
    public init(
        type: String, taskID: String, organizationID: String, time: Date, data: Value, identity: Value? = nil
    ) {
        self.type = type
        self.taskID = taskID
        self.organizationID = organizationID
        self.time = time
        self.data = data
        self.identity = identity
    }

    /// Reads an envelope.
    ///
    /// - Throws: ``PlatformError/Code-swift.struct/unreadableEvent``.
    public init(_ value: Value) throws(PlatformError) {
        guard let type = value["type"]?.stringValue, let taskID = value["task_id"]?.stringValue else {
            throw PlatformError(.unreadableEvent, "a task update needs the members \"type\" and \"task_id\"")
        }
        self.init(
            type: type, taskID: taskID, organizationID: value["organization_id"]?.stringValue ?? "",
            time: value["time"].flatMap(PlatformDate.read) ?? Date(timeIntervalSince1970: 0),
            data: value["data"] ?? .null, identity: value["identity"].flatMap(\.nonNull))
    }

    /// The envelope as it is sent.
    public var value: Value {
        [
            "type": .string(self.type), "task_id": .string(self.taskID),
            "organization_id": .string(self.organizationID), "time": .string(self.time.rfc3339Microseconds),
            "data": self.data, "identity": self.identity ?? .null,
        ]
    }

    /// The task in it, for types starting with `task`; nil for all others and for one that cannot be read.
    public var task: PlatformTask? {
        self.type.hasPrefix("task") ? try? PlatformTask(self.data) : nil
    }
}
