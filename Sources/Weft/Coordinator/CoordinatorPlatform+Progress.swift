// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import WeftPlatform
import WeftProtocol
import WeftValue

extension CoordinatorPlatform {
    /// How long a push of progress may take; the task's end waits for it.
    static let pushTimeout = Duration.seconds(5)
    /// The largest task that is repeated with each report of progress, in bytes; of a larger one only the heads.
    private static let largestTask = 64 << 10
    /// The platform's bound on `internal_status`.
    private static let longestStatus = 255

    /// Shows progress to those who watch a task, as an update of the task (platform's type `task_updated`): it is executing, its
    /// `internal_status` is the progress as text, and the member `progress` is the progress itself.
    ///
    /// - Returns: Why it was not taken; nil when it was.
    @concurrent
    func push(_ value: Value, of task: TaskSubmission) async -> String? {
        var client = self.client
        client.timeout = Self.pushTimeout
        let organizationID = task.payload["organization_id"]?.stringValue ?? client.configuration.organizationID
        let event = TaskUpdateEvent(
            type: "task_updated", taskID: task.id, organizationID: organizationID, time: .now,
            data: Self.update(of: task, organizationID, progress: value))
        do throws(PlatformError) {
            try await client.push([event], to: task.id)
            return nil
        } catch {
            return error.message
        }
    }

    static func update(of task: TaskSubmission, _ organizationID: String, progress: Value) -> Value {
        var members = task.payload.objectValue ?? [:]
        if task.payload.approximateBytes > Self.largestTask {
            members = members.filter { ["id", "agent_id", "created_at", "title", "source"].contains($0.key) }
            members["input"] = ["text": ""]
        }
        members["id"] = .string(task.id)
        members["organization_id"] = .string(organizationID)
        members["status"] = "executing"
        members["progress"] = progress
        members["internal_status"] = .string(
            String((progress.stringValue ?? progress.json()).prefix(Self.longestStatus)))
        return .object(members)
    }
}
