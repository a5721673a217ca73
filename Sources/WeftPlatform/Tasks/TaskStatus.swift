// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// The status of a task at the platform; words that are not known are kept as they are.
public struct TaskStatus: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word as it stands in the task.
    public let rawValue: String

    /// A status from its word, known or not.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Not yet taken by a worker.
    public static let pending = Self(rawValue: "pending")
    /// A handler is at work.
    public static let executing = Self(rawValue: "executing")
    /// Waits for someone.
    public static let paused = Self(rawValue: "paused")
    /// Ended with an error; what a worker reports for a failed handler.
    public static let error = Self(rawValue: "error")
    /// Ended with a failure; what workers reported before December 2025.
    public static let failed = Self(rawValue: "failed")
    /// Ended well.
    public static let completed = Self(rawValue: "completed")
    /// Was stopped by someone.
    public static let stopped = Self(rawValue: "stopped")

    /// Whether the task has ended.
    public var isFinal: Bool {
        [.error, .failed, .completed, .stopped].contains(self)
    }

    /// The word as it stands in the task.
    public var description: String { self.rawValue }
}
