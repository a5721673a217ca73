// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// What an attempt came to.
public struct TaskEnding: Hashable, Sendable {
    /// The attempt.
    public var reference: TaskReference
    /// What it came to.
    public var outcome: TaskOutcome

    /// Creates an ending.
    public init(_ reference: TaskReference, _ outcome: TaskOutcome) {
        self.reference = reference
        self.outcome = outcome
    }
}
