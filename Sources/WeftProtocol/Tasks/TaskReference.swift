// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Names one attempt, dealt in one epoch: the fencing token of everything that is said about it.
public struct TaskReference: Hashable, Sendable {
    /// The task's id.
    public var id: String
    /// The attempt, counted from 1.
    public var attempt: Int
    /// The epoch in which the attempt was dealt or last reclaimed.
    public var epoch: TaskEpoch

    /// Creates a reference.
    public init(id: String, attempt: Int, epoch: TaskEpoch) {
        self.id = id
        self.attempt = attempt
        self.epoch = epoch
    }
}
