// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftValue

/// Why the stand-in refuses a request, or cannot start.
public struct StandInError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The status that a request is answered with; 0 for an error at start.
    public let status: Int
    /// What was wrong and what to do about it.
    public let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The message.
    public var description: String { self.message }

    var body: Value { ["error": .string(self.message)] }

    static func noTask(_ id: String) -> Self {
        Self(404, "there is no task \"\(id)\"; GET /tasks lists them")
    }
}
