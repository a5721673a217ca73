// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import CurlHTTP
import ServerSentEvents
import Testing
import WeftServer
import WeftTestKit
import WeftValue

/// What was recorded of another client and another platform has to work with our platform.
@Suite(.timeLimit(.minutes(3)))
struct StandInExamplesTests {
    @Test(arguments: Examples.names)
    func everyRecordedRequestIsAnsweredInTheRecordedShape(exchange: String) async throws {
        let steps = try Examples().steps(exchange)
        try await StandIn.with { standIn in
            try await withThrowingTaskGroup(of: Void.self) { group in
                var replay = Replay(standIn: standIn)
                for step in steps {
                    if step.method == nil {
                        try await replay.event(step)
                    } else if step.isStream {
                        let source = replay.open(step)
                        let events = replay.events
                        group.addTask {
                            for await element in source {
                                if case .event(let event) = element { events.append(event) }
                            }
                        }
                        // A registration says that the stream is open on the other side.
                        if step.path.contains("/events/") {
                            let registration = try await replay.events.first { $0.name == "worker-registration" }
                            replay.workerID = try Value(json: registration.data)["id"]?.stringValue ?? ""
                        }
                    } else {
                        try await replay.request(step)
                    }
                }
                try await replay.expectEvents()
                group.cancelAll()
            }
        }
    }

    struct Replay {
        let standIn: StandIn
        let events = Collector<ServerSentEvent>("events")
        var workerID = ""
        /// Recorded task ids and the ids that the stand-in has given instead.
        var taskIDs: [String: String] = [:]
        var expected: [Examples.Step] = []

        func open(_ step: Examples.Step) -> EventSource {
            self.standIn.http.eventSource(
                .init(
                    url: self.standIn.url + self.substituted(step.path) + (step.query.isEmpty ? "" : "?" + step.query),
                    headers: ["x-api-key": "key-1"]))
        }

        /// Makes the stand-in send the recorded event, unless it does so by itself.
        mutating func event(_ step: Examples.Step) async throws {
            self.expected.append(step)
            switch step.eventName {
            case "agent-execution":
                let data = step.eventData
                try self.standIn.platform.handTask([
                    "id": data["id"] ?? .null, "agent_id": data["agent_id"] ?? .null, "input": data["input"] ?? .null,
                ])
            case "worker-environment-conflict":
                self.standIn.platform.inject(.conflict(agentID: nil, reason: "served elsewhere"))
            default: break
            }
        }

        mutating func request(_ step: Examples.Step) async throws {
            var headers: HTTPHeaders = [:]
            for (name, value) in step.headers { headers[name] = name == "x-api-key" ? "key-1" : value }
            var body = step.body
            if let id = body?["id"]?.stringValue, let given = self.taskIDs[id], case .object(var members)? = body {
                members["id"] = .string(given)
                body = .object(members)
            }
            let response = try await self.standIn.http.send(
                HTTPRequest(
                    method: step.method ?? "",
                    url: self.standIn.url + self.substituted(step.path) + (step.query.isEmpty ? "" : "?" + step.query),
                    headers: headers, body: body?.jsonBytes()))
            #expect(response.status == step.answerStatus)
            #expect(response.header("Content-Type") == "application/json")
            let answer = try Value(json: response.body)
            if let recorded = step.answer {
                #expect(Shape.differences(answer, from: recorded) == [], "step \(step.value["step"] ?? 0)")
                for name in ["status", "result", "is_manually_stopped", "agent_version", "source", "output_format"] {
                    #expect(answer[name] == recorded[name], "\(name) of step \(step.value["step"] ?? 0)")
                }
                if let recordedID = recorded["id"]?.stringValue, let id = answer["id"]?.stringValue {
                    self.taskIDs[recordedID] = id
                }
            }
        }

        /// The events that came have the recorded names, order and shapes.
        func expectEvents() async throws {
            let came = try await self.events.prefix(self.expected.count)
            for (event, step) in zip(came, self.expected) {
                let recorded = step.eventData
                let data = try Value(json: event.data)
                #expect(event.name == (step.eventName?.isEmpty ?? true ? "message" : step.eventName))
                #expect(Shape.differences(data, from: recorded) == [], "\(step.eventText.prefix(60))")
                #expect(data["type"] == recorded["type"])
            }
        }

        private func substituted(_ path: String) -> String {
            var path = path.replacing("worker-0001", with: self.workerID)
            for (recorded, given) in self.taskIDs { path = path.replacing(recorded, with: given) }
            return path
        }
    }
}
