// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// The plan that the platform keeps beside a task.
public struct TaskPlan: Hashable, Sendable {
    /// One step of a plan.
    public struct Step: Hashable, Sendable {
        /// The step's id.
        public var id: String
        /// What is to be done.
        public var title: String
        /// Whether it is done.
        public var isCompleted: Bool

        /// Creates a step.
        public init(id: String, title: String, isCompleted: Bool = false) {
            self.id = id
            self.title = title
            self.isCompleted = isCompleted
        }
    }

    /// Whether planning is on.
    public var isEnabled: Bool
    /// Whether the plan must be worked off.
    public var isEnforced: Bool
    /// Whether work on it has begun.
    public var isStarted: Bool
    /// Whether it waits for an answer.
    public var hasRaisedQuestion: Bool
    /// The steps in their order.
    public var steps: [Step]

    /// Reads a plan object; what is missing takes its default, and steps without id or title are left out.
    public init(_ value: Value) {
        self.isEnabled = value["enabled"]?.boolValue ?? false
        self.isEnforced = value["enforce"]?.boolValue ?? false
        self.isStarted = value["started"]?.boolValue ?? false
        self.hasRaisedQuestion = value["question_raised"]?.boolValue ?? false
        self.steps = (value["tasks"]?.arrayValue ?? []).compactMap { step in
            guard let id = step["id"]?.stringValue, let title = step["title"]?.stringValue else { return nil }
            return Step(id: id, title: title, isCompleted: step["completed"]?.boolValue ?? false)
        }
    }
}
