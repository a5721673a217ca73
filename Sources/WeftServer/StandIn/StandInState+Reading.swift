// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

extension StandInState {
    /// A task as clients see it.
    func read(_ id: String) throws(StandInError) -> Value {
        guard let task = self.tasks[id] else { throw StandInError.noTask(id) }
        return .object(task.object)
    }

    /// A list of tasks, oldest first.
    ///
    /// - Parameters:
    ///   - agentID: The agent, or nil for all.
    ///   - filters: Query items by name.
    func history(agentID: String?, filters: [String: String]) -> Value {
        let entries = self.taskOrder.lazy.compactMap { self.tasks[$0] }.filter { task in
            guard agentID == nil || task.agentID == agentID else { return false }
            return filters.allSatisfy { name, wanted in
                switch name {
                case "status": task.status == wanted
                case "internal_status", "triggering_agent_id": task.object[name]?.stringValue == wanted
                case "parent_task_id": task.object["parent_execution"]?.stringValue == wanted
                case "user_id": task.object["input"]?["user"]?["id"]?.stringValue == wanted
                default: true
                }
            }
        }
        return .array(entries.map(\.entry))
    }

    /// An agent; every id is taken for one.
    func agent(_ id: String, organizationID: String?) -> Value {
        let organizationID = organizationID ?? self.agents.first { $0.id == id }?.organizationID ?? "local"
        return [
            "id": .string(id), "organization_id": .string(organizationID), "unique_name": .string(id),
            "name": .string(id), "deployment_type": "serverless", "created_by": .null,
            "created_at": "2025-01-01T00:00:00Z", "type": "regular", "status": "ACTIVE", "delegation_type": "router",
            "access_scope": "organizational", "icon": "🚀", "avatar": "male-avatar",
            "instructions": ["role": [], "goal": [], "general": "A stand-in for an agent."], "framework": "agno",
            "model_provider": "openai", "model_name": "gpt-4.1", "environment_id": "local", "is_latest": true,
            "has_pending_changes": false, "deep_planning": false, "enforce_deep_planning": false, "version": 1,
            "graph": [], "tools": [], "knowledge_bases": [], "source_nodes": [], "prompts": [],
        ]
    }

    /// The tasks with all that clients did, oldest first, for people.
    func accounts(agentID: String?, status: String?) -> Value {
        let tasks = self.taskOrder.compactMap { self.tasks[$0] }.filter {
            (agentID == nil || $0.agentID == agentID) && (status == nil || $0.status == status)
        }
        return .array(tasks.map(\.account))
    }

    /// The agent that a task without one is for: the only one known.
    func onlyAgent(default agentID: String?) throws(StandInError) -> String {
        if let agentID { return agentID }
        guard let agent = self.agents.first else {
            throw StandInError(400, "no agent has registered yet; say which one is meant with \"agent_id\"")
        }
        guard self.agents.count == 1 else {
            let names = self.agents.prefix(10).map { "\"\($0.id)\"" }.joined(separator: ", ")
            throw StandInError(400, "several agents are known (\(names)); say which one is meant with \"agent_id\"")
        }
        return agent.id
    }

    /// Counts.
    func summary(faultsPending: Int) -> Value {
        var byStatus: [String: Int] = [:]
        for task in self.tasks.values { byStatus[task.status, default: 0] += 1 }
        return self.statistics.value(
            tasks: byStatus, workersConnected: self.connected.values.reduce(0) { $0 + $1.count },
            workersSeen: self.workersSeen, faultsPending: faultsPending)
    }
}
