// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftBus
public import WeftProtocol
public import WeftValue

/// Makes a task of each mirrored event whose name matches.
///
/// The task's id is made of the trigger's name and of the event's origin and sequence, so that an event becomes one task however often
/// coordinators see it: one that is restarted also looks at the last 100 events, which it may have missed. An event that is not mirrored
/// becomes none.
public struct TaskTrigger: Hashable, Sendable {
    /// Which trigger it is, in task ids; changing it makes new tasks of events that were seen before.
    public var name: String
    /// The events that become tasks.
    public var pattern: EventPattern
    /// What the tasks are like; id, payload and predecessors are the trigger's to set.
    public var task: TaskSubmission

    /// Creates a trigger.
    ///
    /// - Parameters:
    ///   - name: Which trigger it is, in task ids.
    ///   - pattern: The events that become tasks.
    ///   - task: What the tasks are like: agent, queue, key, name, priority and limits.
    public init(name: String, on pattern: EventPattern, task: TaskSubmission = TaskSubmission(payload: .null)) {
        self.name = name
        self.pattern = pattern
        self.task = task
    }

    /// The task of an event; nil for an event that is not in a stream.
    ///
    /// Its payload is an object with `name`, `arguments`, `origin` (32 hex digits), `sequence` and `time` (RFC 3339).
    ///
    /// - Throws: An error when the arguments cannot be decoded.
    func task(for record: EventRecord) throws -> TaskSubmission? {
        guard let sequence = record.sequence else { return nil }
        var task = self.task
        task.id = "\(self.name)-\(record.origin)-\(sequence)"
        task.source = .submit
        task.after = []
        // A record has null in their place, and a task without its arguments is none.
        _ = try record.values()
        task.payload = record.value
        return task
    }
}
