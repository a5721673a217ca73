// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What a wait throws when its time ran out first.
public struct TimedOut: Error, Sendable, CustomStringConvertible {
    /// What was waited for, in words.
    public let awaited: String
    /// How long the wait lasted.
    public let limit: Duration

    /// Creates an error.
    public init(awaited: String, limit: Duration) {
        self.awaited = awaited
        self.limit = limit
    }

    /// What was waited for, and how long.
    public var description: String { "gave up after \(self.limit) waiting for \(self.awaited)" }
}
