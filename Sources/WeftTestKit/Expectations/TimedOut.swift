// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a wait throws when its time ran out first, or when nothing can come any more.
public struct TimedOut: Error, Sendable, CustomStringConvertible {
    /// What was waited for, in words.
    public let awaited: String
    /// How long the wait could last; nil when it ended because nothing can come any more.
    public let limit: Duration?

    /// Creates an error.
    public init(awaited: String, limit: Duration?) {
        self.awaited = awaited
        self.limit = limit
    }

    /// What was waited for, and how long.
    public var description: String {
        self.limit.map { "gave up after \($0) waiting for \(self.awaited)" }
            ?? "nothing more can come, and what was waited for has not: \(self.awaited)"
    }
}
