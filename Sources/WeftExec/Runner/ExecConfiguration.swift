// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What program an ``ExecRunner`` runs, and within which bounds.
public struct ExecConfiguration: Hashable, Sendable {
    /// The time between SIGTERM and SIGKILL by default: enough to flush and leave, short beside the drain deadline.
    public static let defaultGrace = Duration.seconds(5)
    /// The most that a program may write to its standard output by default: a task's largest result.
    public static let defaultMaximumOutput = 16 * 1024 * 1024
    /// The longest line of progress by default: a message, not a result.
    public static let defaultMaximumProgressLine = 16 * 1024
    /// How much of the end of standard error is kept by default: enough for a message and its context.
    public static let defaultErrorTail = 4 * 1024

    /// The command, which `/bin/sh -c` runs once for each task.
    public var command: String
    /// How standard output becomes the result.
    public var resultFormat: ExecResultFormat
    /// The agents whose tasks are taken; empty for any.
    public var agentIDs: [String]
    /// How long the program's group may go on after SIGTERM before it is killed.
    public var grace = Self.defaultGrace
    /// The most that standard output may hold, in bytes; beyond it the task fails.
    public var maximumOutput = Self.defaultMaximumOutput
    /// The longest line of progress on descriptor 3, in bytes; longer ones are dropped.
    public var maximumProgressLine = Self.defaultMaximumProgressLine
    /// How much of the end of standard error becomes the message of a failure, in bytes.
    public var errorTail = Self.defaultErrorTail

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - command: The command, which `/bin/sh -c` runs once for each task.
    ///   - resultFormat: How standard output becomes the result.
    ///   - agentIDs: The agents whose tasks are taken; empty for any.
    public init(command: String, resultFormat: ExecResultFormat = .text, agentIDs: [String] = []) {
        self.command = command
        self.resultFormat = resultFormat
        self.agentIDs = agentIDs
    }
}
