// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import WeftTestKit
import WeftValue

/// Speaks plain HTTP with a stand-in platform that runs as a process.
struct PlatformProbe {
    struct Refused: Error {
        let status: Int
        let text: String
    }

    let url: String
    private let client = HTTPClient()

    init(url: String) {
        self.url = url
    }

    func hand(_ task: Value) async throws {
        _ = try await self.send("POST", "/tasks", body: task)
    }

    func fault(_ fault: Value) async throws {
        _ = try await self.send("POST", "/control/faults", body: fault)
    }

    func task(_ id: String) async throws -> Value {
        try await self.send("GET", "/tasks/\(id)")
    }

    func tasks() async throws -> [Value] {
        let answer = try await self.send("GET", "/tasks")
        return answer.arrayValue ?? answer["tasks"]?.arrayValue ?? []
    }

    func statistics() async throws -> Value {
        try await self.send("GET", "/stats")
    }

    /// Waits until so many tasks have ended, and returns all that there are.
    func finishedTasks(_ count: Int, within limit: Duration = .seconds(60)) async throws -> [Value] {
        let deadline = ContinuousClock.now + limit
        while true {
            let tasks = try await self.tasks()
            let open = tasks.filter { !Self.isFinal($0) }
            if tasks.count - open.count >= count { return tasks }
            guard let id = open.first?["id"]?.stringValue, ContinuousClock.now < deadline else {
                throw TimedOut(awaited: "\(count) finished tasks at \(self.url)", limit: limit)
            }
            // The platform answers when this one has ended, or when the time is over.
            _ = try await self.send("GET", "/tasks/\(id)?wait=10")
        }
    }

    private static func isFinal(_ task: Value) -> Bool {
        ["completed", "error", "failed", "stopped"].contains(task["status"]?.stringValue)
    }

    private func send(_ method: String, _ path: String, body: Value? = nil) async throws -> Value {
        var request = HTTPRequest(method: method, url: self.url + path)
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = Array(body.json().utf8)
        }
        let response = try await self.client.send(request)
        guard (200..<300).contains(response.status) else {
            throw Refused(status: response.status, text: String(decoding: response.body, as: UTF8.self))
        }
        return try Value(json: response.body)
    }
}

extension TestProcess {
    /// The address in the start line of `weft platform`.
    func url() async throws -> String {
        try Self.word("http://", in: await self.errorLine(containing: ": ready"))
    }

    /// The endpoint in the start line of a node.
    func endpoint() async throws -> String {
        try Self.word("tcp://", in: await self.errorLine(containing: ": ready"))
    }

    private static func word(_ prefix: String, in line: String) throws -> String {
        for word in line.split(whereSeparator: { " ,".contains($0) }) where word.hasPrefix(prefix) {
            return String(word)
        }
        throw TimedOut(awaited: "\(prefix)… in: \(line)", limit: .zero)
    }
}

/// An address for nodes of a test that keeps clear of the default one, which a person may be using.
let anyPort = "tcp://127.0.0.1:*"
