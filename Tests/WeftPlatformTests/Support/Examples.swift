// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Foundation
import WeftValue

/// The recorded exchanges between a worker client and the platform.
struct Examples {
    let root: Value

    init() throws {
        let url = try present(
            Bundle.module.url(forResource: "platform-examples", withExtension: "json", subdirectory: "Fixtures"))
        self.root = try Value(json: [UInt8](Data(contentsOf: url)))
    }

    static let names = [
        "one_task_completed", "one_task_failed", "six_tasks_fill_the_worker_capacity_messages_only",
        "environment_conflict", "local_test_task", "other_task_calls",
    ]

    func steps(_ name: String) throws -> [Step] {
        try present(self.root["exchanges"]?[name]?.arrayValue).map(Step.init)
    }

    var unusualFrames: [Step] { (self.root["legal_but_unusual_frames"]?.arrayValue ?? []).map(Step.init) }

    /// A request with its answer, or an event.
    struct Step {
        let value: Value

        var method: String? { self.value["request"]?["method"]?.stringValue }
        var path: String { self.value["request"]?["path"]?.stringValue ?? "" }
        var query: String { self.value["request"]?["query"]?.stringValue ?? "" }
        var headers: [String: String] {
            (self.value["request"]?["headers"]?.objectValue ?? [:]).compactMapValues(\.stringValue)
        }
        var body: Value? {
            let body = self.value["request"]?["body"]
            return body?.isNull ?? true ? Value?.none : body
        }
        var answer: Value? { self.value["response"]?["body"] }
        var answerStatus: Int { Int(self.value["response"]?["status"]?.intValue ?? 0) }
        var isStream: Bool { self.answer == "<event stream>" }
        var eventName: String? { self.value["sse_event"]?.stringValue }
        var eventText: String { self.value["sse_text"]?.stringValue ?? "" }

        /// What the event's data lines say together.
        var eventData: Value {
            let lines = self.eventText.split { $0.isNewline }.filter { $0.hasPrefix("data:") }
            return (try? Value(json: lines.map { $0.dropFirst(5) }.joined(separator: "\n"))) ?? .null
        }
    }
}

/// What is missing from the fixture, said as an error.
struct FixtureError: Error {}

func present<Wrapped>(_ value: Wrapped?) throws -> Wrapped {
    guard let value else { throw FixtureError() }
    return value
}
