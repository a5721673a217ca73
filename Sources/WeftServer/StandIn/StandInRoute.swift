// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// What a request asks for, read from its method and path.
enum StandInRoute: Hashable, Sendable {
    case workerStream(agentID: String, environment: String)
    case workerMessage(workerID: String, agentID: String?)
    case taskEvents(String)
    case update(String)
    case read(String)
    case stop(String)
    case push(String)
    case create(agentID: String)
    case report(agentID: String)
    case history(agentID: String)
    case userHistory(userID: String)
    case metrics(agentID: String)
    case agent(String)
    case agents
    case activity(agentID: String, taskID: String)
    case keyAllowance
    case modelRoute
    case handTask
    case tasks
    case task(String)
    case statistics
    case faults
    case health

    /// The route and the organization in front of it, if any.
    ///
    /// Both rules for the organization are understood: events have it in front, other calls may.
    static func read(method: String, path: String, query: [String: String]) throws(StandInError)
        -> (route: StandInRoute, organizationID: String?)
    {
        var parts: [String] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            guard let decoded = Self.decoded(part) else {
                throw StandInError(400, "the address is not spelled right: an escape in it is no text")
            }
            parts.append(decoded)
        }
        if parts.first == "agent-controller" { parts.removeFirst() }
        let roots: Set = [
            "events", "agent-execution", "agents-metrics", "agents", "activity", "metadata", "tasks", "stats",
            "control", "health",
        ]
        var organizationID: String?
        if parts.count > 1, !roots.contains(parts[0]) || parts.count > 2 && parts[0] == parts[1] {
            organizationID = parts.removeFirst()
        }
        guard let route = try Self.route(method: method, parts: parts, query: query) else {
            throw StandInError(
                404,
                "there is nothing at \(method) \(path); the platform's calls are described in its protocol, and people"
                    + " can use POST /tasks, GET /tasks, GET /tasks/ID, GET /stats and POST /control/faults")
        }
        return (route, organizationID)
    }

    private static func route(method: String, parts: [String], query: [String: String]) throws(StandInError)
        -> StandInRoute?
    {
        func part(_ index: Int) -> String { index < parts.count ? parts[index] : "" }
        switch (method, parts.count, part(0)) {
        case ("GET", 2, "events"):
            return .workerStream(agentID: part(1), environment: query["environment"] ?? "local")
        case ("POST", 2, "events"): return .workerMessage(workerID: part(1), agentID: query["agent_id"])
        case ("GET", 3, "agent-execution") where part(2) == "events": return .taskEvents(part(1))
        case ("PATCH", 3, "agent-execution") where part(2) == "update": return .update(part(1))
        case ("GET", 3, "agent-execution") where part(2) == "status": return .read(part(1))
        case ("POST", 2, "agent-execution"): return .create(agentID: part(1))
        case ("DELETE", 2, "agent-execution"): return .stop(part(1))
        case ("POST", 4, "agent-execution") where part(2) == "events" && part(3) == "push": return .push(part(1))
        case ("POST", 3, "agent-execution") where part(2) == "report_task": return .report(agentID: part(1))
        case ("GET", 4, "agent-execution") where part(1) == "executions" && part(2) == "history":
            return .history(agentID: part(3))
        case ("GET", 5, "agent-execution") where part(1) == "executions" && part(3) == "user":
            return .userHistory(userID: part(4))
        case ("POST", 3, "agents-metrics") where part(2) == "execution": return .metrics(agentID: part(1))
        case ("GET", 2, "agents") where part(1) == "list": return .agents
        case ("GET", 2, "agents"): return .agent(part(1))
        case ("POST", 4, "agents") where part(2) == "llm-gateway-route": return .modelRoute
        case ("GET", 3, "activity"): return .activity(agentID: part(1), taskID: part(2))
        case ("POST", 2, "metadata") where part(1) == "api_key_allowance": return .keyAllowance
        case ("POST", 1, "tasks"): return .handTask
        case ("GET", 1, "tasks"): return .tasks
        case ("GET", 2, "tasks"): return .task(part(1))
        case ("GET", 1, "stats"): return .statistics
        case (_, 2, "control") where part(1) == "faults": return .faults
        case ("GET", 1, "health"): return .health
        default: return nil
        }
    }

    /// Whether the platform's protocol has it, so that it needs a key.
    var isProtocol: Bool {
        switch self {
        case .handTask, .tasks, .task, .statistics, .faults, .health: false
        default: true
        }
    }

    /// The descriptions by which faults find it.
    func targets(body: Value?) -> [StandInFault.Target] {
        switch self {
        case .workerStream: return [.stream]
        case .workerMessage: return [body?["event"] == "worker-heartbeat" ? .heartbeat : .capacity]
        case .update:
            let isFinal = (body?["status"]?.stringValue).map(StandInTask.finalStatuses.contains) ?? false
            return [.update, isFinal ? .finalUpdate : .otherUpdate]
        case .read: return [.read]
        case .create: return [.create]
        case .history, .userHistory: return [.history]
        case .metrics: return [.metrics]
        default: return [.other]
        }
    }

    /// Text without percent escapes; nil if they are not spelled right.
    static func decoded(_ text: Substring) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
