// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Weft

/// Trying a handler on a task made up on the spot: no platform, no cluster, no network.
///
///     swift run Examples local-test
enum LocalTest {
    struct Summary: Codable {
        var title: String
        var words: Int
    }

    static func run() async throws {
        let summarize = OnTask { task in
            Summary(title: task.input.text, words: task.input.text.split(separator: " ").count)
        }
        let test = LocalTaskTest(
            input: "Woven on a loom", outputFormat: .json,
            outputSchema: ["type": "object", "required": ["title", "words"]])

        let answer = try await test.run(summarize)
        print("status: \(answer.status)")
        print("result: \(answer.result)")

        let summary = try answer.decoded(as: Summary.self)
        print("words: \(summary.words)")
    }
}
