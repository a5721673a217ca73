// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Why an attempt failed, and what may be done about it.
public struct TaskFailure: Error, Hashable, Sendable, Codable {
    /// Whether the handler allows or forbids another attempt.
    public enum Retry: Hashable, Sendable, Codable {
        /// The task's own limits decide.
        case byPolicy
        /// Never again (exit code 65).
        case never
        /// Again, even beyond the policy's attempts (exit code 75), not before the given time; nil for the policy's backoff.
        case at(Date?)
    }

    /// The message that is reported, without type or trace.
    public var message: String
    /// Whether the attempt may be repeated.
    public var retry: Retry

    /// Creates a failure.
    public init(_ message: String, retry: Retry = .byPolicy) {
        self.message = message
        self.retry = retry
    }
}
