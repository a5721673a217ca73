// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// Something the platform is to be told about a task.
public struct ReportItem: Hashable, Sendable {
    /// What is said.
    public enum Content: Hashable, Sendable {
        /// A worker has begun.
        case executing
        /// The task has ended.
        ///
        /// - Parameters:
        ///   - status: The platform's word for how.
        ///   - result: The result, or the error's message.
        ///   - tokens: Token counts, for the metrics report; nil when unknown.
        ///   - usedTools: The names of the tools that were used.
        ///   - format: The form that the task wants its result in; nil when it does not say.
        ///   - task: The task object, for the metrics report; nil when there are no token counts.
        case final(status: String, result: String, tokens: Value?, usedTools: [String], format: String?, task: Value?)
    }

    /// The task.
    public var taskID: String
    /// The agent whose task it is.
    public var agentID: String
    /// How often the task had been requeued when it ended so: each time makes another end.
    public var requeues: Int
    /// What is said.
    public var content: Content

    /// Creates an item.
    public init(taskID: String, agentID: String, requeues: Int = 0, content: Content) {
        self.taskID = taskID
        self.agentID = agentID
        self.requeues = requeues
        self.content = content
    }

    /// Whether this is about the end, and so must reach the platform whatever happens.
    public var isFinal: Bool {
        if case .final = self.content { return true }
        return false
    }

    /// Whether a metrics report follows once the end has been taken: the token counts are known.
    public var owesMetrics: Bool {
        if case .final(_, _, .some, _, _, .some) = self.content { return true }
        return false
    }

    /// The report's own id: a task is said to be executing once, and to have ended once for each time that it was queued.
    public var id: String {
        self.isFinal ? Self.finalID(of: self.taskID, requeues: self.requeues) : "\(self.taskID)/executing"
    }

    /// Whether a report's id is that of a beginning.
    static func isBeginning(_ id: String) -> Bool { id.hasSuffix("/executing") }

    static func finalID(of taskID: String, requeues: Int) -> String {
        requeues == 0 ? "\(taskID)/final" : "\(taskID)/final/\(requeues)"
    }
}
