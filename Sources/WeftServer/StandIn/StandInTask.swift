// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import WeftValue

/// A task at the stand-in: the object, and everything that clients did with it.
public struct StandInTask: Hashable, Sendable {
    /// One sending of the task to a worker.
    public struct Delivery: Hashable, Sendable {
        /// When it was sent.
        public let time: Date
        /// To whom.
        public let workerID: String
    }

    static let finalStatuses: Set<String> = ["error", "failed", "completed", "stopped"]

    /// The task object as clients see it.
    public internal(set) var object: [String: Value]
    /// Every update, in the order in which they came.
    public internal(set) var updates: [StandInUpdate] = []
    /// Every sending to a worker.
    public internal(set) var deliveries: [Delivery] = []
    /// Every metrics report.
    public internal(set) var metrics: [Value] = []
    /// Whether the client that created it runs it itself.
    public internal(set) var runsLocally = false
    /// What watchers of the task have seen or will see first.
    var events: [Value] = []
    /// The worker that has it, until it is final or the worker's stream ends.
    var holder: String?

    /// The task's id.
    public var id: String { self.object["id"]?.stringValue ?? "" }
    /// The agent that it is for.
    public var agentID: String { self.object["agent_id"]?.stringValue ?? "" }
    /// The task's organization.
    public var organizationID: String { self.object["organization_id"]?.stringValue ?? "" }
    /// Its status.
    public var status: String { self.object["status"]?.stringValue ?? "" }
    /// Its result.
    public var result: String? { self.object["result"]?.stringValue }
    /// Whether it has ended.
    public var isFinal: Bool { Self.finalStatuses.contains(self.status) }
    /// The updates that ended it or wanted to.
    public var finalUpdates: [StandInUpdate] { self.updates.filter(\.isFinal) }

    /// The object together with what clients did, for people.
    public var account: Value {
        var members = self.object
        members["updates"] = .array(self.updates.map(\.value))
        members["deliveries"] = .array(
            self.deliveries.map { ["time": .string($0.time.rfc3339Microseconds), "worker": .string($0.workerID)] })
        members["metrics"] = .array(self.metrics)
        return .object(members)
    }

    /// What lists of tasks say about it.
    var entry: Value {
        [
            "id": .string(self.id), "agent_id": .string(self.agentID),
            "organization_id": .string(self.organizationID), "status": .string(self.status),
            "created_at": self.object["created_at"] ?? .null, "result": self.object["result"] ?? .null,
        ]
    }
}
