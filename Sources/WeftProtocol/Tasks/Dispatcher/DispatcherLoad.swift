// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How busy we are, as the platform is told.
struct DispatcherLoad {
    /// How many tasks could run now or soon: all but those that wait for their time or for others.
    var tasks = 0
    /// The same, for each agent.
    var tasksOfAgent: [String: Int] = [:]
    /// The slots of the workers that can be dealt to, and of those that serve each agent.
    var slots = 0
    var slotsOfAgent: [String: Int] = [:]
    /// Whether the slots must be counted anew.
    var isStale = true
    /// What each agent's connection was last told.
    var isBusy: [String: Bool] = [:]

    mutating func add(_ task: TaskSubmission) {
        self.tasks += 1
        if let agent = task.agentID { self.tasksOfAgent[agent, default: 0] += 1 }
    }

    mutating func remove(_ task: TaskSubmission) {
        self.tasks -= 1
        guard let agent = task.agentID, let count = self.tasksOfAgent[agent] else { return }
        self.tasksOfAgent[agent] = count > 1 ? count - 1 : nil
    }
}
