// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import CurlHTTP
import FoundationEssentials
import WeftValue

/// The platform's calls.
///
/// No call is repeated by itself: what to do with a failure is in ``PlatformError/disposition-swift.property``.
public struct PlatformClient: Sendable {
    /// Where the platform is and who is asking.
    public let configuration: PlatformConfiguration

    /// How long a call may take.
    public var timeout: Duration

    /// How long a heartbeat or a capacity message may take.
    public var messageTimeout: Duration

    let http: HTTPClient

    /// Creates a client that shares an HTTP client's connections.
    public init(
        configuration: PlatformConfiguration, http: HTTPClient, timeout: Duration = .seconds(60),
        messageTimeout: Duration = .seconds(10)
    ) {
        self.configuration = configuration
        self.http = http
        self.timeout = timeout
        self.messageTimeout = messageTimeout
    }

    // MARK: Tasks

    /// Changes a task.
    ///
    /// - Returns: The task as the platform now sees it; nil when the change was taken and the answer cannot be read.
    @discardableResult
    public func update(_ taskID: String, _ update: TaskUpdate) async throws(PlatformError) -> PlatformTask? {
        let response = try await self.send(
            "PATCH", self.addresses.rest("agent-execution", taskID, "update"), body: update.value)
        return Self.json(in: response).flatMap { try? PlatformTask($0) }
    }

    /// Reads a task.
    public func task(_ taskID: String) async throws(PlatformError) -> PlatformTask {
        try await self.taskReply("GET", self.addresses.rest("agent-execution", taskID, "status"))
    }

    /// Creates a task for an agent.
    @discardableResult
    public func create(_ creation: TaskCreation, agentID: String) async throws(PlatformError) -> PlatformTask {
        try await self.taskReply(
            "POST", self.addresses.rest("agent-execution", agentID), body: creation.value,
            headers: creation.agentVersion.map { ["x-agent-version": $0] } ?? [:])
    }

    /// Stops a task; its worker is not told.
    ///
    /// - Returns: The task, stopped; nil when the platform has stopped it and the answer cannot be read.
    @discardableResult
    public func stop(_ taskID: String) async throws(PlatformError) -> PlatformTask? {
        let response = try await self.send("DELETE", self.addresses.rest("agent-execution", taskID))
        return Self.json(in: response).flatMap { try? PlatformTask($0) }
    }

    /// Shows events to those who watch a task.
    public func push(_ events: [TaskUpdateEvent], to taskID: String) async throws(PlatformError) {
        let body = Value.array(events.map(\.value))
        _ = try await self.send("POST", self.addresses.rest("agent-execution", taskID, "events", "push"), body: body)
    }

    /// Reports a task that ran without the platform.
    @discardableResult
    public func report(_ task: OutsideTask, agentID: String) async throws(PlatformError) -> PlatformTask {
        try await self.taskReply(
            "POST", self.addresses.rest("agent-execution", agentID, "report_task"), body: task.value)
    }

    /// Reports the metrics of a finished task.
    public func report(_ report: ExecutionReport, agentID: String) async throws(PlatformError) {
        _ = try await self.send("POST", self.addresses.rest("agents-metrics", agentID, "execution"), body: report.value)
    }

    /// Lists an agent's tasks.
    public func history(agentID: String, filter: HistoryFilter = .init()) async throws(PlatformError)
        -> [HistoryEntry]
    {
        try await self.entries(
            self.addresses.rest("agent-execution", "executions", "history", agentID, query: filter.queryItems))
    }

    /// Lists a user's tasks.
    public func history(userID: String, filter: HistoryFilter = .init()) async throws(PlatformError)
        -> [HistoryEntry]
    {
        try await self.entries(
            self.addresses.rest("agent-execution", "executions", "history", "user", userID, query: filter.queryItems))
    }

    /// The events of one task, from those that the platform has kept to the task's end.
    ///
    /// The task must have been created with ``TaskCreation/isStreaming``.
    public func events(of taskID: String) -> TaskUpdateEvents {
        TaskUpdateEvents(
            source: self.http.eventSource(
                .init(url: self.addresses.taskEvents(taskID), headers: ["x-api-key": self.configuration.apiKey.exposed])
            ))
    }

    // MARK: Agents

    /// Loads an agent.
    ///
    /// - Parameters:
    ///   - agentID: The agent.
    ///   - version: Its version; nil for the newest.
    public func agent(_ agentID: String, version: String? = nil) async throws(PlatformError) -> AgentRecord {
        let response = try await self.send(
            "GET", self.addresses.rest("agents", agentID), headers: version.map { ["x-agent-version": $0] } ?? [:])
        return try AgentRecord(try Self.reply(in: response))
    }

    /// Lists the organization's agents; those that cannot be read are left out.
    public func agents() async throws(PlatformError) -> [AgentRecord] {
        let reply = try Self.reply(in: try await self.send("GET", self.addresses.rest("agents", "list")))
        guard let agents = reply.arrayValue else {
            throw PlatformError(.unreadableReply, "a list of agents must be an array; this is \(reply.kind)")
        }
        return agents.compactMap { try? AgentRecord($0) }
    }

    /// The agents that a key may invoke.
    public func agents(invocableWith key: Secret) async throws(PlatformError) -> [String] {
        let response = try await self.send(
            "POST", self.addresses.rest("metadata", "api_key_allowance"), body: ["api_key": .string(key.exposed)])
        return try Self.reply(in: response)["agent_ids"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    // MARK: The worker's side

    /// A connection that serves one agent.
    public func connection(
        agentID: String, configuration: AgentConnection.Configuration = .init()
    ) -> AgentConnection {
        AgentConnection(agentID: agentID, client: self, configuration: configuration)
    }

    /// Says something as a worker.
    func send(_ message: WorkerMessage, workerID: String, agentID: String) async throws(PlatformError) {
        _ = try await self.send(
            "POST", self.addresses.workerMessage(workerID: workerID, agentID: agentID), body: message.value,
            timeout: self.messageTimeout, redirects: .sameOrigin)
    }

    // MARK: Requests

    private var addresses: PlatformAddresses { self.configuration.addresses }

    private func entries(_ url: String) async throws(PlatformError) -> [HistoryEntry] {
        let reply = try Self.reply(in: try await self.send("GET", url))
        guard let entries = reply.arrayValue else {
            throw PlatformError(.unreadableReply, "a list of tasks must be an array; this is \(reply.kind)")
        }
        return entries.compactMap(HistoryEntry.init)
    }

    private func taskReply(
        _ method: String, _ url: String, body: Value? = nil, headers: [String: String] = [:]
    ) async throws(PlatformError) -> PlatformTask {
        let response = try await self.send(method, url, body: body, headers: headers)
        return try PlatformTask(try Self.reply(in: response))
    }

    private func send(
        _ method: String, _ url: String, body: Value? = nil, headers: [String: String] = [:], timeout: Duration? = nil,
        redirects: RedirectPolicy = .never
    ) async throws(PlatformError) -> HTTPResponse {
        var request = HTTPRequest(
            method: method, url: url, headers: ["x-api-key": self.configuration.apiKey.exposed],
            body: body?.jsonBytes(), timeout: timeout ?? self.timeout, redirects: redirects)
        if body != nil { request.headers["Content-Type"] = "application/json" }
        for (name, value) in headers { request.headers[name] = value }
        let response: HTTPResponse
        do {
            response = try await self.http.send(request)
        } catch {
            throw PlatformError(error)
        }
        guard response.status >= 300 else { return response }
        throw PlatformError(response, key: self.configuration.apiKey)
    }

    private static func json(in response: HTTPResponse) -> Value? {
        guard response.header("Content-Type")?.lowercased().contains("application/json") ?? false else { return nil }
        return try? Value(json: response.body)
    }

    private static func reply(in response: HTTPResponse) throws(PlatformError) -> Value {
        guard let value = self.json(in: response) else {
            let type = response.header("Content-Type") ?? "nothing"
            throw PlatformError(
                .unreadableReply,
                "the platform's answer is not JSON (it calls itself \(type)); is the base URL right?",
                status: response.status)
        }
        return value
    }
}
