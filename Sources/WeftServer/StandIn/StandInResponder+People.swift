// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import WeftValue

extension StandInResponder {
    /// How long `GET /tasks/ID?wait=SECONDS` waits at most.
    static let longestWait = 600.0

    /// Answers the plain calls for people and tests.
    func answerPeople(_ route: StandInRoute, query: [String: String], body: Value?) async throws -> Response {
        switch route {
        case .handTask:
            let body = try Self.present(body)
            return Self.json(
                try Self.handTask(body, hub: self.hub, agentID: self.configuration.agentID), status: 201)
        case .tasks:
            let (agentID, status) = (query["agent_id"], query["status"])
            return Self.json(self.hub.snapshot.state.accounts(agentID: agentID, status: status))
        case .task(let id):
            guard self.hub.snapshot.task(id) != nil else { throw StandInError.noTask(id) }
            if let text = query["wait"] {
                guard let seconds = Double(text), seconds >= 0, seconds <= Self.longestWait else {
                    throw StandInError(400, "\"wait\" is a number of seconds from 0 to \(Int(Self.longestWait))")
                }
                await self.waitForEnd(of: id, atMost: .seconds(seconds))
            }
            guard let task = self.hub.snapshot.task(id) else { throw StandInError.noTask(id) }
            return Self.json(task.account)
        case .statistics: return Self.json(self.hub.summary)
        case .faults: return Self.json(try self.answerFaults(body))
        default: return Self.json(["status": "ok"])
        }
    }

    /// Creates a task from `{"text": …}` or `{"input": …}`.
    static func handTask(_ body: Value, hub: StandInHub, agentID: String?) throws(StandInError) -> Value {
        guard case .object(var members) = body else {
            throw StandInError(400, "a task is handed over as an object such as {\"text\": \"hello\"}")
        }
        for name in ["text", "agent_id", "id", "agent_version"] {
            guard let value = members[name], !value.isNull else { continue }
            guard value.stringValue?.isEmpty == false else {
                throw StandInError(400, "\"\(name)\" must be text and not empty; this is \(value.kind)")
            }
        }
        switch (members["text"]?.stringValue, members["input"]) {
        case (let text?, nil): members["input"] = Self.input(text)
        case (nil, .string(let text)?): members["input"] = Self.input(text)
        case (nil, .object?): break
        default:
            throw StandInError(
                400,
                "a task needs either \"text\", or \"input\" that is text or an object such as {\"text\": \"hello\"}")
        }
        let description = Value.object(members)
        let named = members["agent_id"]?.stringValue
        let version = members["agent_version"]?.stringValue
        let generated = UUID().uuidString.lowercased()
        return try hub.change { state throws(StandInError) in
            let agentID = try state.onlyAgent(default: named ?? agentID)
            return try state.create(
                agentID: agentID, organizationID: nil, body: description, agentVersion: version, id: generated,
                now: .now)
        }
    }

    private static func input(_ text: String) -> Value {
        ["text": .string(text), "files": [], "user": .null]
    }

    /// Takes one fault or an array of them; no body asks how many are left; `{"clear": true}` forgets them.
    private func answerFaults(_ body: Value?) throws(StandInError) -> Value {
        if let body {
            if body["clear"]?.boolValue ?? false { self.hub.clearFaults() }
            let descriptions = body.arrayValue ?? (body["fault"] == nil && body["clear"] != nil ? [] : [body])
            var faults: [StandInFault] = []
            for description in descriptions { faults.append(try StandInFault(description)) }
            for fault in faults { self.hub.inject(fault) }
        }
        return ["pending": self.hub.summary["faults_pending"] ?? 0]
    }

    private func waitForEnd(of id: String, atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await self.hub.wait { $0.task(id)?.isFinal ?? true } }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }
}
