// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import ServerSentEvents
import WeftValue

extension AgentConnectionElement {
    /// What an event of a worker's stream means; nil for one that means nothing here.
    init?(_ event: ServerSentEvent, agentID: String) {
        switch event.name {
        case "worker-registration", "agent-execution", "worker-environment-conflict": break
        default: return nil
        }
        let data: Value
        do {
            data = try Value(json: event.data)
        } catch {
            if event.name == "worker-environment-conflict" {
                self = .conflict(reason: "the platform gives no reason that could be read")
            } else {
                let taskID = event.name == "agent-execution" ? BrokenTask.id(in: event.data.utf8) : nil
                self = .unreadable(
                    taskID: taskID, reason: "the data of an event \"\(event.name)\" is not JSON: \(error)")
            }
            return
        }
        do throws(PlatformError) {
            switch event.name {
            case "worker-registration": self = .registered(try WorkerRecord(data))
            case "agent-execution": self = .task(try PlatformTask(data, agentID: agentID))
            default: self = .conflict(reason: data["error"]?.stringValue ?? "the platform gives no reason")
            }
        } catch {
            self = .unreadable(taskID: error.taskID, reason: error.message)
        }
    }
}
