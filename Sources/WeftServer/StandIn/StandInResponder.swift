// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import WeftValue

/// Answers requests: reads them, lets faults have them, changes the state and writes the answer.
struct StandInResponder: HTTPResponder {
    typealias Context = StandInRequestContext

    let hub: StandInHub
    let configuration: StandInPlatform.Configuration
    let logger: Logger

    /// Thrown out of an answer to break the connection.
    struct BrokenOnPurpose: Error {}

    func respond(to request: Request, context: StandInRequestContext) async throws -> Response {
        self.hub.count { $0.requests += 1 }
        do {
            return try await self.answer(request, channel: context.channel)
        } catch let error as StandInError {
            self.hub.count { $0.refusals += 1 }
            self.logger.debug(
                "Request refused", metadata: ["http.status": "\(error.status)", "error.message": "\(error.message)"])
            return Self.json(error.body, status: error.status)
        }
    }

    private func answer(_ request: Request, channel: any Channel) async throws -> Response {
        let query = Self.query(of: request)
        let (route, organizationID) = try StandInRoute.read(
            method: request.method.rawValue, path: request.uri.path, query: query)
        if route.isProtocol { try self.checkKey(of: request) }
        let body = try await self.body(of: request)
        guard route.isProtocol else { return try await self.answerPeople(route, query: query, body: body) }

        var isReplyLost = false
        switch self.hub.take(route.targets(body: body)) {
        case nil: break
        case .answer(let status, let retryAfter):
            var response = Self.json(["error": "a fault that was asked for"], status: status)
            if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
            return response
        case .drop: return Self.broken()
        case .loseReply: isReplyLost = true
        case .mute: return self.stream(on: channel) { (StandInStream(), {}) }
        case .delay(let milliseconds): try await Task.sleep(for: .milliseconds(milliseconds))
        }
        let response = try await self.answerProtocol(
            route, organizationID: organizationID, query: query, body: body, request: request, channel: channel)
        return isReplyLost ? Self.broken() : response
    }

    // MARK: The platform's protocol

    private func answerProtocol(
        _ route: StandInRoute, organizationID: String?, query: [String: String], body: Value?, request: Request,
        channel: any Channel
    ) async throws -> Response {
        let hub = self.hub
        let now = Date.now
        let generated = UUID().uuidString.lowercased()
        switch route {
        case .workerStream(let agentID, let environment):
            guard environment == "local" || environment == "xpander" else {
                throw StandInError(400, "\"environment\" must be \"local\" or \"xpander\"")
            }
            return self.stream(on: channel) {
                let stream = hub.open(
                    worker: generated, agentID: agentID, organizationID: organizationID ?? "local",
                    environment: environment)
                return stream.map { ($0, { hub.closed(worker: generated) }) }
            }
        case .taskEvents(let taskID):
            guard hub.snapshot.task(taskID) != nil else { throw StandInError.noTask(taskID) }
            return self.stream(on: channel) {
                hub.watch(taskID).map { watch in (watch.stream, { hub.unwatch(taskID, number: watch.number) }) }
            }
        case .workerMessage(let workerID, let agentID):
            let body = try Self.present(body)
            try hub.change { state throws(StandInError) in
                ((), try state.message(worker: workerID, agentID: agentID, body: body, now: now))
            }
        case .update(let id):
            let body = try Self.present(body)
            return Self.json(
                try hub.change { state throws(StandInError) in try state.update(id, body: body, now: now) })
        case .read(let id):
            return Self.json(try hub.snapshot.state.read(id))
        case .stop(let id):
            return Self.json(try hub.change { state throws(StandInError) in try state.stop(id, now: now) })
        case .push(let id):
            let body = try Self.present(body)
            try hub.change { state throws(StandInError) in ((), try state.push(id, body: body)) }
        case .create(let agentID):
            let body = try Self.present(body)
            let version = Self.header("x-agent-version", of: request)
            return Self.json(
                try hub.change { state throws(StandInError) in
                    try state.create(
                        agentID: agentID, organizationID: organizationID, body: body, agentVersion: version,
                        id: generated, now: now)
                })
        case .report(let agentID):
            let body = try Self.present(body)
            return Self.json(
                try hub.change { state throws(StandInError) in
                    let task = try state.report(
                        agentID: agentID, organizationID: organizationID, body: body, id: generated, now: now)
                    return (task, [])
                })
        case .metrics(let agentID):
            let body = try Self.present(body)
            try hub.change { state throws(StandInError) in
                try state.metrics(agentID: agentID, body: body)
                return ((), [])
            }
        case .history(let agentID):
            return Self.json(hub.snapshot.state.history(agentID: agentID, filters: query))
        case .userHistory(let userID):
            let filters = query.merging(["user_id": userID]) { _, new in new }
            return Self.json(hub.snapshot.state.history(agentID: nil, filters: filters))
        case .agent(let id):
            return Self.json(hub.snapshot.state.agent(id, organizationID: organizationID))
        case .agents:
            let state = hub.snapshot.state
            return Self.json(.array(state.agents.map { state.agent($0.id, organizationID: $0.organizationID) }))
        case .activity(let agentID, let taskID):
            guard hub.snapshot.task(taskID) != nil else { throw StandInError.noTask(taskID) }
            return Self.json(["id": .string(taskID), "agent_id": .string(agentID), "messages": []])
        case .keyAllowance:
            guard let key = body?["api_key"]?.stringValue else {
                throw StandInError(400, "the question who may invoke needs the member \"api_key\" as text")
            }
            let agents = hub.snapshot.state.agents.map { Value.string($0.id) }
            let isGood = self.configuration.apiKey.map { $0 == key } ?? !key.isEmpty
            return Self.json(["api_key": .string(key), "agent_ids": .array(isGood ? agents : [])])
        case .modelRoute: throw StandInError(404, "there is no parked model route for this task")
        case .handTask, .tasks, .task, .statistics, .faults, .health: break
        }
        return Self.json(["status": "ok"])
    }

    // MARK: Parts of requests

    private func checkKey(of request: Request) throws(StandInError) {
        guard let key = Self.header("x-api-key", of: request), !key.isEmpty else {
            throw StandInError(401, "the header x-api-key is missing")
        }
        if let good = self.configuration.apiKey, good != key {
            throw StandInError(401, "the key in x-api-key is not good for this platform")
        }
    }

    private func body(of request: Request) async throws -> Value? {
        if request.method == .get { return nil }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= self.configuration.maximumBodyBytes else {
                throw StandInError(
                    413, "a body may have \(self.configuration.maximumBodyBytes) bytes; this one has more")
            }
            bytes.append(contentsOf: part.readableBytesView)
        }
        guard !bytes.isEmpty else { return nil }
        do {
            return try Value(json: bytes)
        } catch {
            throw StandInError(400, "the body is not JSON: \(error)")
        }
    }

    static func present(_ body: Value?) throws(StandInError) -> Value {
        guard let body else { throw StandInError(400, "this call needs a body of JSON") }
        return body
    }

    private static func header(_ name: String, of request: Request) -> String? {
        request.headers.first { $0.name.canonicalName == name }?.value
    }

    private static func query(of request: Request) -> [String: String] {
        var items: [String: String] = [:]
        for item in (request.uri.query ?? "").split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ StandInRoute.decoded($0) }) else { continue }
            items[name] = parts.count > 1 ? StandInRoute.decoded(parts[1]) ?? "" : ""
        }
        return items
    }
}
