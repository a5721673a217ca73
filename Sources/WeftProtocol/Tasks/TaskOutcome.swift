// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How one attempt of a task ended.
public enum TaskOutcome: Hashable, Sendable, Codable {
    case completed(TaskResult)
    case failed(TaskFailure)
    /// The attempt was cancelled and its handler has stopped.
    case cancelled(reason: String)
}
