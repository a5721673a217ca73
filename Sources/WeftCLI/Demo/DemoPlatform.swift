// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import WeftValue

/// The stand-in as the demo sees it: it is handed tasks over HTTP, and asked what became of them.
struct DemoPlatform: Sendable {
    /// What became of one task.
    struct Task: Hashable, Sendable {
        let id: String
        let status: String
        let result: String
        var isFinal: Bool { ["completed", "error", "failed", "stopped"].contains(self.status) }
        var isCompleted: Bool { self.status == "completed" }
        /// The worker that ran it, as its result says.
        var worker: String? { self.result.split(separator: " ").last.map(String.init) }
    }

    let url: String
    private let client = HTTPClient()

    init(url: String) {
        self.url = url
    }

    /// Hands a task to the platform.
    func hand(id: String, text: String) async throws {
        let body: Value = [
            "id": .string(id), "agent_id": .string(DemoCluster.agentID), "input": ["text": .string(text)],
        ]
        _ = try await self.send("POST", "/tasks", body: body)
    }

    /// All tasks as they are now.
    func tasks() async throws -> [Task] {
        let answer = try await self.send("GET", "/tasks")
        return (answer.arrayValue ?? answer["tasks"]?.arrayValue ?? []).map {
            Task(
                id: $0["id"]?.stringValue ?? "", status: $0["status"]?.stringValue ?? "",
                result: $0["result"]?.stringValue ?? "")
        }
    }

    /// How many bytes the platform has sent on event streams.
    func streamBytes() async throws -> Int64 {
        try await self.send("GET", "/stats")["sse"]?["bytes"]?.intValue ?? 0
    }

    private func send(_ method: String, _ path: String, body: Value? = nil) async throws -> Value {
        var request = HTTPRequest(method: method, url: self.url + path, timeout: .seconds(20))
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = Array(body.json().utf8)
        }
        let response: HTTPResponse
        do {
            response = try await self.client.send(request)
        } catch {
            throw CommandFailure(.failed, "the stand-in platform does not answer \(method) \(path): \(error)")
        }
        guard (200..<300).contains(response.status), let value = try? Value(json: response.body) else {
            let text = Terminal.safe(String(decoding: response.body.prefix(200), as: UTF8.self))
            throw CommandFailure(
                .failed, "the stand-in platform answered \(method) \(path) with status \(response.status): \(text)")
        }
        return value
    }
}
