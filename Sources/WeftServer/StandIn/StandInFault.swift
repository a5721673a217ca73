// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

/// Something that the stand-in is told to do wrong.
public enum StandInFault: Hashable, Sendable {
    /// Which requests a fault touches.
    public enum Target: String, Hashable, Sendable, CaseIterable {
        /// Every request of the protocol.
        case any
        /// Opening a worker's stream.
        case stream
        /// Heartbeats.
        case heartbeat
        /// Capacity messages.
        case capacity
        /// Updates of all kinds.
        case update
        /// Updates with a final status.
        case finalUpdate = "final-update"
        /// Updates without a final status.
        case otherUpdate = "other-update"
        /// Reading a task.
        case read
        /// Creating a task.
        case create
        /// Lists of tasks.
        case history
        /// Metrics reports.
        case metrics
        /// Everything else.
        case other
    }

    /// A fault about requests that lasts for a time instead of so many requests.
    indirect case lasting(StandInFault, milliseconds: Int)
    /// Answer the next `count` requests with a status and do nothing else.
    case answer(status: Int, to: Target, count: Int, retryAfter: Int? = nil)
    /// Close the connection of the next `count` requests without doing anything.
    case drop(Target, count: Int)
    /// Do what the next `count` requests ask for, and close the connection instead of answering.
    case loseReply(Target, count: Int)
    /// Hold the next `count` requests for a while before doing what they ask for.
    case delay(Target, milliseconds: Int, count: Int)
    /// Open the next `count` worker streams without registering anybody: nothing but comments comes.
    case muteStreams(count: Int)
    /// End worker streams: in good order, or in the middle of an event.
    case dropStreams(agentID: String?, inMiddleOfEvent: Bool)
    /// Send text on worker streams as it is.
    case sendText(agentID: String?, text: String)
    /// Send nothing more on the worker streams that are open, comments neither, but keep them open.
    case silence(agentID: String?)
    /// Tell workers that their agent is served elsewhere.
    case conflict(agentID: String?, reason: String)
    /// Forget workers, so that their messages are answered with 404, but keep their streams open.
    case forgetWorkers(agentID: String?)

    /// Reads a fault from an object such as `{"fault": "answer", "status": 503, "to": "final-update", "count": 3}`, or with
    /// `"seconds": 2.5` in place of the count for all such requests in that time.
    public init(_ value: Value) throws(StandInError) {
        guard let seconds = value["seconds"], case .object(var members) = value else {
            try self.init(once: value)
            return
        }
        guard let seconds = seconds.doubleValue, seconds > 0, seconds <= 3600 else {
            throw StandInError(400, "\"seconds\" is how long the fault lasts, a number from 0.001 to 3600")
        }
        members["count"] = .int(Int64(Int32.max))
        let fault = try StandInFault(once: .object(members))
        switch fault {
        case .answer, .drop, .loseReply, .delay:
            self = .lasting(fault, milliseconds: max(1, Int(seconds * 1000)))
        default:
            throw StandInError(400, "\"seconds\" goes with the faults answer, drop, lose-reply and delay only")
        }
    }

    private init(once value: Value) throws(StandInError) {
        let kinds = [
            "answer", "drop", "lose-reply", "delay", "mute-streams", "drop-streams", "send-text", "send-event",
            "silence",
            "conflict", "forget-workers",
        ]
        guard let kind = value["fault"]?.stringValue, kinds.contains(kind) else {
            throw StandInError(400, "\"fault\" must be one of \(kinds.joined(separator: ", "))")
        }
        let count = Int(clamping: value["count"]?.intValue ?? 1)
        let word = value["to"]?.stringValue ?? "any"
        guard let target = Target(rawValue: word), count > 0 else {
            let words = Target.allCases.map(\.rawValue).joined(separator: ", ")
            throw StandInError(400, "\"to\" must be one of \(words), and \"count\" at least 1")
        }
        let agentID = value["agent_id"]?.stringValue
        switch kind {
        case "answer":
            guard let status = value["status"]?.intValue, (200...599).contains(status) else {
                throw StandInError(400, "the fault \"answer\" needs a \"status\" from 200 to 599")
            }
            self = .answer(
                status: Int(status), to: target, count: count,
                retryAfter: value["retry_after"]?.intValue.map { Int(clamping: $0) })
        case "drop": self = .drop(target, count: count)
        case "lose-reply": self = .loseReply(target, count: count)
        case "delay":
            guard let milliseconds = value["milliseconds"]?.intValue, (0...600_000).contains(milliseconds) else {
                throw StandInError(400, "the fault \"delay\" needs \"milliseconds\" from 0 to 600000")
            }
            self = .delay(target, milliseconds: Int(milliseconds), count: count)
        case "mute-streams": self = .muteStreams(count: count)
        case "drop-streams":
            self = .dropStreams(agentID: agentID, inMiddleOfEvent: value["in_event"]?.boolValue ?? false)
        case "send-text", "send-event":
            guard let text = value[kind == "send-text" ? "text" : "data"]?.stringValue else {
                throw StandInError(
                    400, "the fault \"send-text\" needs \"text\", \"send-event\" needs \"event\" and \"data\"")
            }
            let name = value["event"]?.stringValue ?? "agent-execution"
            self = .sendText(
                agentID: agentID,
                text: kind == "send-text" ? text : StandInStream.frame(name: name, data: text))
        case "silence": self = .silence(agentID: agentID)
        case "conflict":
            let reason = value["reason"]?.stringValue ?? "this agent is already served from the cloud environment"
            self = .conflict(agentID: agentID, reason: reason)
        default: self = .forgetWorkers(agentID: agentID)
        }
    }
}
