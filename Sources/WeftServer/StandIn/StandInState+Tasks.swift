// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

extension StandInState {
    /// Creates a task and, unless the caller runs it, has it dealt.
    mutating func create(
        agentID: String, organizationID: String?, body: Value, agentVersion: String?, id generated: String, now: Date
    ) throws(StandInError) -> (task: Value, actions: [StandInAction]) {
        guard let members = body.objectValue else {
            throw StandInError(400, "a task is created from an object; this is \(body.kind)")
        }
        guard let input = members["input"], input.objectValue != nil else {
            throw StandInError(400, "a task needs an \"input\" that is an object such as {\"text\": \"hello\"}")
        }
        let id = members["id"]?.stringValue ?? generated
        guard !id.isEmpty, members["id"].map({ $0.isNull || $0.stringValue != nil }) ?? true else {
            throw StandInError(400, "the task's \"id\" must be text and not empty, or left out")
        }
        guard self.tasks[id] == nil else { throw StandInError(409, "there is already a task \"\(id)\"") }
        let known = self.agents.first { $0.id == agentID }
        let organizationID = organizationID ?? known?.organizationID ?? "local"
        self.note(agent: agentID, organizationID: organizationID)

        var object = Self.blankTask(id: id, agentID: agentID, organizationID: organizationID, input: input, now: now)
        let taken = [
            "payload_extension", "source", "output_format", "output_schema", "events_streaming", "additional_context",
            "instructions_override", "test_run_node_id", "user_oidc_token", "expected_output", "mcp_servers",
            "triggering_agent_id", "title", "think_mode", "disable_attachment_injection", "tool_call_limit",
            "user_tokens", "return_metrics", "llm_model_provider", "llm_model_name", "llm_reasoning_effort",
            "harness_cli", "permission_mode", "deep_planning", "internal_status",
        ]
        for name in taken {
            if let value = members[name], !value.isNull { object[name] = value }
        }
        object["agent_version"] = agentVersion.map(Value.string) ?? .null
        var task = StandInTask(object: object)
        task.runsLocally = members["run_locally"]?.boolValue ?? false
        self.taskOrder.append(id)
        self.tasks[id] = task
        let actions = self.tell(&task, "task_created", data: .object(object), now: now)
        self.tasks[id] = task
        return (
            .object(object), actions + (task.runsLocally ? [] : self.enqueue(id, agentID: agentID, now: now))
        )
    }

    /// Takes a whole or a partial update.
    mutating func update(_ id: String, body: Value, now: Date) throws(StandInError)
        -> (task: Value, actions: [StandInAction])
    {
        guard var task = self.tasks[id] else { throw StandInError.noTask(id) }
        guard let members = body.objectValue else {
            throw StandInError(400, "an update is an object with what changes; this is \(body.kind)")
        }
        if let status = members["status"], !status.isNull, status.stringValue == nil {
            throw StandInError(400, "\"status\" must be text; this is \(status.kind)")
        }
        if let result = members["result"], !result.isNull, result.stringValue == nil {
            throw StandInError(400, "\"result\" must be text or null; this is \(result.kind)")
        }
        if let named = members["id"]?.stringValue, named != id {
            throw StandInError(400, "the body is about the task \"\(named)\", the address about \"\(id)\"")
        }
        let status = members["status"]?.stringValue
        let result = members["result"]?.stringValue
        let wasFinal = task.isFinal
        let endsTask = status.map(StandInTask.finalStatuses.contains) ?? false
        let isRepeat = wasFinal && endsTask && status == task.status && (result == nil || result == task.result)
        let update = StandInUpdate(
            time: now, status: status, result: result, isWhole: members["input"] != nil, isRepeat: isRepeat,
            isConflict: wasFinal && endsTask && !isRepeat)
        task.updates.append(update)
        self.statistics.updates += 1
        if endsTask { self.statistics.finalUpdates += 1 }
        if update.isRepeat { self.statistics.repeatedFinalUpdates += 1 }
        if update.isConflict { self.statistics.conflictingFinalUpdates += 1 }

        var actions: [StandInAction] = []
        if !wasFinal {
            // These are the platform's own; a whole update carries stale copies of them.
            let owned: Set = [
                "id", "agent_id", "organization_id", "created_at", "started_at", "finished_at", "is_manually_stopped",
                "status",
            ]
            task.object.merge(members.filter { !owned.contains($0.key) }) { _, new in new }
            if let status { task.object["status"] = .string(status) }
            if status == "executing", task.object["started_at"]?.isNull ?? true {
                task.object["started_at"] = .string(now.rfc3339Microseconds)
            }
            if endsTask { task.object["finished_at"] = .string(now.rfc3339Microseconds) }
            actions = self.tell(
                &task, endsTask ? "task_finished" : "task_updated", data: .object(task.object), now: now)
        }
        self.tasks[id] = task
        if task.isFinal { actions += self.release(&task, now: now) }
        return (.object(task.object), actions)
    }

    /// Stops a task; its worker is not told.
    mutating func stop(_ id: String, now: Date) throws(StandInError) -> (task: Value, actions: [StandInAction]) {
        guard var task = self.tasks[id] else { throw StandInError.noTask(id) }
        guard !task.isFinal else { return (.object(task.object), []) }
        task.object["status"] = "stopped"
        task.object["is_manually_stopped"] = true
        task.object["finished_at"] = .string(now.rfc3339Microseconds)
        var actions = self.tell(&task, "task_finished", data: .object(task.object), now: now)
        self.tasks[id] = task
        actions += self.release(&task, now: now)
        return (.object(task.object), actions)
    }

    /// Takes a task that ran elsewhere.
    mutating func report(agentID: String, organizationID: String?, body: Value, id generated: String, now: Date)
        throws(StandInError) -> Value
    {
        guard let input = body["input"]?.stringValue else {
            throw StandInError(400, "a reported task needs an \"input\" that is text")
        }
        let id = body["id"]?.stringValue ?? generated
        guard self.tasks[id] == nil else { throw StandInError(409, "there is already a task \"\(id)\"") }
        let organizationID = organizationID ?? self.agents.first { $0.id == agentID }?.organizationID ?? "local"
        self.note(agent: agentID, organizationID: organizationID)
        var object = Self.blankTask(
            id: id, agentID: agentID, organizationID: organizationID,
            input: ["text": .string(input), "files": [], "user": .null], now: now)
        object["status"] = body["is_success"]?.boolValue ?? true ? "completed" : "error"
        object["result"] = body["result"] ?? .null
        object["duration"] = body["duration"] ?? 0
        object["used_tools"] = body["used_tools"] ?? []
        if let tokens = body["tokens"], !tokens.isNull { object["tokens"] = tokens }
        var task = StandInTask(object: object)
        task.runsLocally = true
        self.tasks[id] = task
        self.taskOrder.append(id)
        return .object(object)
    }

    /// Takes what a worker wants watchers to see.
    mutating func push(_ id: String, body: Value) throws(StandInError) -> [StandInAction] {
        guard var task = self.tasks[id] else { throw StandInError.noTask(id) }
        guard let events = body.arrayValue, events.allSatisfy({ $0["type"]?.stringValue != nil }) else {
            throw StandInError(400, "pushed events are an array of objects that have a \"type\"")
        }
        for event in events { Self.keep(event, in: &task) }
        self.tasks[id] = task
        return events.map { .sendToWatchers(taskID: id, data: $0) }
    }

    /// Takes the metrics of a task.
    mutating func metrics(agentID: String, body: Value) throws(StandInError) {
        guard let id = body["execution_id"]?.stringValue, body["source"]?.stringValue != nil else {
            throw StandInError(400, "a metrics report needs the members \"execution_id\" and \"source\" as text")
        }
        guard self.tasks[id]?.agentID == agentID else { throw StandInError.noTask(id) }
        self.tasks[id]?.metrics.append(body)
    }

    /// Keeps an event of a task's update stream and has it sent to whoever watches.
    private func tell(_ task: inout StandInTask, _ type: String, data: Value, now: Date) -> [StandInAction] {
        let event: Value = [
            "type": .string(type), "task_id": .string(task.id), "organization_id": .string(task.organizationID),
            "time": .string(now.rfc3339Microseconds), "data": data,
        ]
        Self.keep(event, in: &task)
        let send = StandInAction.sendToWatchers(taskID: task.id, data: event)
        return type == "task_finished" ? [send, .endWatchers(taskID: task.id)] : [send]
    }

    private static func keep(_ event: Value, in task: inout StandInTask) {
        guard task.object["events_streaming"]?.boolValue ?? false, task.events.count < Self.maximumEvents else {
            return
        }
        task.events.append(event)
    }

    private static func blankTask(
        id: String, agentID: String, organizationID: String, input: Value, now: Date
    ) -> [String: Value] {
        [
            "id": .string(id), "agent_id": .string(agentID), "organization_id": .string(organizationID),
            "input": input, "status": "pending", "internal_status": .null, "last_executed_node_id": .null,
            "agent_version": .null, "created_at": .string(now.rfc3339Microseconds), "started_at": .null,
            "paused_at": .null, "finished_at": .null, "result": .null, "parent_execution": .null,
            "sub_executions": [], "is_manually_stopped": false, "payload_extension": .null, "hitl_request": .null,
            "pending_eca_request": .null, "source": "api", "output_format": "markdown", "output_schema": .null,
            "events_streaming": false, "additional_context": .null, "instructions_override": .null,
            "expected_output": .null, "mcp_servers": [], "triggering_agent_id": .null, "title": .null,
            "think_mode": "default",
            "deep_planning": [
                "enabled": false, "enforce": false, "started": false, "question_raised": false, "tasks": [],
            ],
            "execution_attempts": 1, "used_tools": [], "duration": 0, "disable_attachment_injection": false,
            "return_metrics": false,
        ]
    }
}
