// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftProtocol
import WeftValue

/// What a handler's process finds in its environment.
enum ExecEnvironment {
    /// Parts of a `WEFT_…` variable's name that make it a secret.
    private static let secretParts = ["KEY", "PASSWORD", "SECRET", "TOKEN"]

    /// The worker's own environment without the platform's key and Weft's secrets, and with what is known of the task.
    static func make(for request: TaskRequest, inheriting inherited: [String: String]) -> [String: String] {
        var environment = inherited.filter { !Self.isSecret($0.key) }
        for name in ["WEFT_TASK_ID", "WEFT_TASK_ATTEMPT", "WEFT_TASK_DEADLINE", "WEFT_AGENT_ID", "TRACEPARENT"] {
            environment[name] = nil
        }
        environment["WEFT_TASK_ID"] = Self.clean(request.id)
        environment["WEFT_TASK_ATTEMPT"] = String(request.attempt)
        environment["WEFT_TASK_DEADLINE"] = request.deadline.map { $0.rfc3339Microseconds }
        environment["WEFT_AGENT_ID"] = request.agentID.map(Self.clean)
        environment["TRACEPARENT"] = request.traceParent.map(Self.clean)
        return environment
    }

    /// Whether a variable is the platform's key or one of Weft's secrets.
    static func isSecret(_ name: String) -> Bool {
        name == "XPANDER_API_KEY" || (name.hasPrefix("WEFT_") && Self.secretParts.contains { name.contains($0) })
    }

    /// What comes from outside may hold a NUL, which would end the variable early.
    private static func clean(_ text: String) -> String {
        text.contains("\0") ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }
}
