// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftProtocol
import WeftValue

/// A part of what the coordinator's ledger has, as one answer carries it.
public struct TaskPage: Sendable {
    /// The records; long payloads, results and messages are left out or cut off, see ``shortened``.
    public var tasks: [TaskRecord]
    /// The ids of the tasks that are not whole here; ``Node/task(_:within:)`` has them whole.
    public var shortened: Set<String>
    /// Where the next page begins; nil when there is nothing more.
    public var next: TaskFilter.Cursor?

    /// Creates a page.
    public init(tasks: [TaskRecord], shortened: Set<String> = [], next: TaskFilter.Cursor? = nil) {
        self.tasks = tasks
        self.shortened = shortened
        self.next = next
    }
}
