// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension WorkerMachine {
    /// What a handler came to.
    public struct Finished: Hashable, Sendable {
        /// The task's id.
        public var id: String
        /// The attempt.
        public var attempt: Int
        /// What it came to.
        public var outcome: TaskOutcome

        /// Creates what a handler came to.
        public init(id: String, attempt: Int, _ outcome: TaskOutcome) {
            self.id = id
            self.attempt = attempt
            self.outcome = outcome
        }
    }
}
