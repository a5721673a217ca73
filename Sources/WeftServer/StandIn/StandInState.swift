// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftValue

/// The stand-in's registry of agents, workers and tasks.
///
/// It is a value that is told what happened and when, and says what to do. Ids and times are handed in.
struct StandInState: Sendable {
    /// How many unfinished tasks one worker is sent at most, which also bounds what waits in its stream.
    static let maximumUnfinished = 1_000
    /// How many events of a task's update stream are kept for late watchers.
    static let maximumEvents = 1_000

    /// Whether a task still unfinished at a lost stream is sent again.
    let redelivers: Bool
    var tasks: [String: StandInTask] = [:]
    var taskOrder: [String] = []
    var workers: [String: StandInWorker] = [:]
    var connected: [String: [String]] = [:]
    var workersSeen = 0
    /// Agents in the order in which they were first named, with their organization.
    var agents: [(id: String, organizationID: String)] = []
    var statistics = StandInStatistics()
    private var queues: [String: StandInQueue] = [:]

    init(redelivers: Bool) {
        self.redelivers = redelivers
    }

    // MARK: Workers

    /// A worker has opened a stream; its registration comes first.
    mutating func open(
        worker id: String, agentID: String, organizationID: String, environment: String, now: Date
    ) -> [StandInAction] {
        self.note(agent: agentID, organizationID: organizationID)
        let others = (self.connected[agentID] ?? []).compactMap { self.workers[$0] }
        if let other = others.first(where: { $0.environment != environment }) {
            let reason = "this agent is already served from the environment \"\(other.environment)\""
            return [
                .sendToWorker(id, name: "worker-environment-conflict", data: Self.conflict(id: id, reason: reason)),
                .endWorker(id),
            ]
        }
        let worker = StandInWorker(
            id: id, agentID: agentID, organizationID: organizationID, environment: environment, openedAt: now)
        self.workers[id] = worker
        self.workersSeen += 1
        self.connected[agentID, default: []].append(id)
        return [.sendToWorker(id, name: "worker-registration", data: Self.record(of: worker, now: now))]
            + self.deal(agentID: agentID, now: now)
    }

    /// A worker's stream has ended.
    mutating func closed(worker id: String, now: Date) -> [StandInAction] {
        guard var worker = self.workers[id], worker.isConnected else { return [] }
        worker.isConnected = false
        self.connected[worker.agentID]?.removeAll { $0 == id }
        let unfinished = self.taskOrderOf(worker.unfinished)
        for taskID in unfinished { self.tasks[taskID]?.holder = nil }
        worker.unfinished = []
        // Workers that are gone are remembered for their counts only, and not for ever.
        self.workers[id] = worker
        guard self.redelivers else { return [] }
        self.queues[worker.agentID, default: StandInQueue()].putBack(unfinished)
        return self.deal(agentID: worker.agentID, now: now)
    }

    /// A worker has sent a heartbeat or its capacity.
    mutating func message(worker id: String, agentID: String?, body: Value, now: Date) throws(StandInError)
        -> [StandInAction]
    {
        guard var worker = self.workers[id], worker.isConnected, !worker.isForgotten else {
            throw StandInError(404, "there is no worker \"\(id)\" with an open stream; open the stream again")
        }
        if let agentID, agentID != worker.agentID {
            throw StandInError(404, "the worker \"\(id)\" does not serve the agent \"\(agentID)\"")
        }
        guard let event = body["event"]?.stringValue, body["id"]?.stringValue != nil else {
            throw StandInError(400, "a worker message needs the members \"id\" and \"event\" as text, and \"data\"")
        }
        switch event {
        case "worker-heartbeat":
            worker.heartbeats += 1
            worker.lastHeartbeat = body["data"]?.stringValue
        case "worker-capacity-update":
            guard let isBusy = body["data"]?["is_busy"]?.boolValue else {
                throw StandInError(400, "\"data\" of a worker-capacity-update must be {\"is_busy\": true or false}")
            }
            worker.isBusy = isBusy
            worker.capacityMessages.append(isBusy)
        default: break
        }
        self.workers[id] = worker
        return worker.isBusy ? [] : self.deal(agentID: worker.agentID, now: now)
    }

    // MARK: Dealing

    /// Puts a task into its agent's queue and sends what can be sent.
    mutating func enqueue(_ taskID: String, agentID: String, now: Date) -> [StandInAction] {
        self.queues[agentID, default: StandInQueue()].append(taskID)
        return self.deal(agentID: agentID, now: now)
    }

    /// Sends waiting tasks, each to the free worker with the fewest unfinished ones.
    private mutating func deal(agentID: String, now: Date) -> [StandInAction] {
        var actions: [StandInAction] = []
        while self.queues[agentID]?.isEmpty == false {
            let free = (self.connected[agentID] ?? []).compactMap { self.workers[$0] }
                .filter { !$0.isBusy && !$0.isForgotten && $0.unfinished.count < Self.maximumUnfinished }
            guard let worker = free.min(by: { $0.unfinished.count < $1.unfinished.count }),
                let taskID = self.queues[agentID]?.popFirst()
            else { break }
            // What was stopped or finished while it waited is left out.
            guard var task = self.tasks[taskID], !task.isFinal else { continue }
            task.deliveries.append(.init(time: now, workerID: worker.id))
            task.holder = worker.id
            self.tasks[taskID] = task
            self.workers[worker.id]?.unfinished.insert(taskID)
            self.statistics.deliveries += 1
            actions.append(.sendToWorker(worker.id, name: "agent-execution", data: .object(task.object)))
        }
        return actions
    }

    /// A task has ended: its holder has one less.
    mutating func release(_ task: inout StandInTask, now: Date) -> [StandInAction] {
        guard let holder = task.holder else { return [] }
        task.holder = nil
        self.tasks[task.id] = task
        let wasFull = self.workers[holder]?.unfinished.count == Self.maximumUnfinished
        self.workers[holder]?.unfinished.remove(task.id)
        return wasFull ? self.deal(agentID: task.agentID, now: now) : []
    }

    mutating func note(agent id: String, organizationID: String) {
        guard !self.agents.contains(where: { $0.id == id }) else { return }
        self.agents.append((id: id, organizationID: organizationID))
    }

    private func taskOrderOf(_ ids: Set<String>) -> [String] {
        ids.sorted {
            let (one, other) = (self.tasks[$0]?.deliveries.last?.time, self.tasks[$1]?.deliveries.last?.time)
            return (one ?? .distantPast, $0) < (other ?? .distantPast, $1)
        }
    }

    static func conflict(id: String, reason: String) -> Value {
        [
            "id": .string(id), "event": "worker-environment-conflict", "data": .null, "error": .string(reason),
        ]
    }

    private static func record(of worker: StandInWorker, now: Date) -> Value {
        [
            "id": .string(worker.id),
            "name": .string("asset-" + worker.id),
            "organization_id": .string(worker.organizationID),
            "type": "worker",
            "created_at": .string(now.rfc3339Microseconds),
            "created_by": .null,
            "last_heartbeat": .string(now.rfc3339Microseconds),
            "configuration": .null,
            "dedicated_agent_id": .string(worker.agentID),
            "parent_asset_id": .null,
            "is_busy": false,
            "metadata": ["name": .string(worker.agentID), "unique_name": .string(worker.agentID)],
        ]
    }
}
