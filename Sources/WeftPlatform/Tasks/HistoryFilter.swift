// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Which tasks a list is to hold; nil does not restrict it.
public struct HistoryFilter: Hashable, Sendable {
    /// Tasks of this user.
    public var userID: String?
    /// Tasks that this task has started.
    public var parentTaskID: String?
    /// Tasks that this agent has started.
    public var triggeringAgentID: String?
    /// Tasks with this status.
    public var status: TaskStatus?
    /// Tasks with this word of the customer's.
    public var internalStatus: String?

    /// Creates a filter.
    public init(
        userID: String? = nil, parentTaskID: String? = nil, triggeringAgentID: String? = nil,
        status: TaskStatus? = nil, internalStatus: String? = nil
    ) {
        self.userID = userID
        self.parentTaskID = parentTaskID
        self.triggeringAgentID = triggeringAgentID
        self.status = status
        self.internalStatus = internalStatus
    }

    var queryItems: [(name: String, value: String)] {
        let items: [(String, String?)] = [
            ("user_id", self.userID), ("parent_task_id", self.parentTaskID),
            ("triggering_agent_id", self.triggeringAgentID), ("status", self.status?.rawValue),
            ("internal_status", self.internalStatus),
        ]
        return items.compactMap { name, value in value.map { (name: name, value: $0) } }
    }
}
