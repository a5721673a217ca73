// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import WeftValue

@testable import WeftServer

struct StandInStateTests {
    let now = Date(timeIntervalSince1970: 1_000)

    private func state(redelivers: Bool = false) -> StandInState { StandInState(redelivers: redelivers) }

    private func create(_ state: inout StandInState, _ id: String) throws -> [StandInAction] {
        try state.create(
            agentID: "a", organizationID: "o", body: ["id": .string(id), "input": ["text": "x"]], agentVersion: nil,
            id: "unused", now: self.now
        ).actions
    }

    private func open(_ state: inout StandInState, _ id: String) -> [StandInAction] {
        state.open(worker: id, agentID: "a", organizationID: "o", environment: "local", now: self.now)
    }

    private func sent(_ actions: [StandInAction]) -> [String] {
        actions.compactMap {
            guard case .sendToWorker(let worker, "agent-execution", let data) = $0 else { return nil }
            return "\(data["id"]?.stringValue ?? "") to \(worker)"
        }
    }

    @Test func waitingTasksFollowTheRegistrationInTheirOrder() throws {
        var state = self.state()
        for id in ["1", "2", "3"] { #expect(try self.sent(self.create(&state, id)) == []) }
        let actions = self.open(&state, "w")
        guard case .sendToWorker("w", "worker-registration", _)? = actions.first else {
            Issue.record("the registration is not the first event")
            return
        }
        #expect(self.sent(actions) == ["1 to w", "2 to w", "3 to w"])
    }

    @Test func tasksGoToTheFreeWorkerWithTheFewest() throws {
        var state = self.state()
        _ = self.open(&state, "v")
        _ = self.open(&state, "w")
        #expect(try self.sent(self.create(&state, "1") + self.create(&state, "2")) == ["1 to v", "2 to w"])
        _ = try state.message(
            worker: "v", agentID: "a", body: ["id": "m", "event": "worker-capacity-update", "data": ["is_busy": true]],
            now: self.now)
        #expect(try self.sent(self.create(&state, "3")) == ["3 to w"])
        _ = try state.update("1", body: ["status": "completed"], now: self.now)
        #expect(try self.sent(self.create(&state, "4")) == ["4 to w"])
    }

    @Test func oneWorkerIsSentABoundedNumber() throws {
        var state = self.state()
        _ = self.open(&state, "w")
        for number in 0...StandInState.maximumUnfinished { _ = try self.create(&state, "\(number)") }
        #expect(state.statistics.deliveries == StandInState.maximumUnfinished)
        let (_, actions) = try state.update("0", body: ["status": "error", "result": "no"], now: self.now)
        #expect(self.sent(actions) == ["\(StandInState.maximumUnfinished) to w"])
    }

    @Test(arguments: [true, false])
    func unfinishedTasksOfALostStreamComeAgainOnlyIfAsked(redelivers: Bool) throws {
        var state = self.state(redelivers: redelivers)
        _ = self.open(&state, "w")
        for id in ["1", "2", "3"] { _ = try self.create(&state, id) }
        _ = try state.update("2", body: ["status": "completed", "result": "r"], now: self.now)
        #expect(self.sent(state.closed(worker: "w", now: self.now)) == [])
        _ = try self.create(&state, "4")
        let sent = self.sent(self.open(&state, "x"))
        #expect(sent == (redelivers ? ["1 to x", "3 to x", "4 to x"] : ["4 to x"]))
        #expect(state.closed(worker: "w", now: self.now) == [])
    }

    @Test func wholeUpdatesDoNotOverwriteWhatThePlatformOwns() throws {
        var state = self.state()
        _ = try self.create(&state, "1")
        _ = try state.update("1", body: ["status": "executing"], now: self.now)
        let body: Value = [
            "id": "1", "input": ["text": "x"], "status": "completed", "result": "r", "started_at": .null,
            "created_at": "never", "is_manually_stopped": true, "title": "t",
        ]
        let (task, _) = try state.update("1", body: body, now: self.now + 5)
        #expect(task["started_at"] == .string(self.now.rfc3339Microseconds))
        #expect(task["finished_at"] == .string((self.now + 5).rfc3339Microseconds))
        #expect(task["created_at"] == .string(self.now.rfc3339Microseconds))
        #expect(task["is_manually_stopped"] == false)
        #expect(task["title"] == "t")
        #expect(state.tasks["1"]?.updates.map(\.isWhole) == [false, true])
    }

    @Test func finalUpdatesAreRememberedAndTheFirstOneHolds() throws {
        var state = self.state()
        _ = try self.create(&state, "1")
        for result in ["a", "a", "b"] {
            _ = try state.update("1", body: ["status": "completed", "result": .string(result)], now: self.now)
        }
        _ = try state.update("1", body: ["status": "executing"], now: self.now)
        let task = try #require(state.tasks["1"])
        #expect(task.status == "completed" && task.result == "a")
        #expect(task.finalUpdates.map(\.isRepeat) == [false, true, false])
        #expect(task.finalUpdates.map(\.isConflict) == [false, false, true])
        #expect(state.statistics.repeatedFinalUpdates == 1)
        #expect(state.statistics.conflictingFinalUpdates == 1)
    }

    @Test func aStoppedTaskIsNotSentAndNotReopened() throws {
        var state = self.state()
        _ = try self.create(&state, "1")
        let (task, _) = try state.stop("1", now: self.now)
        #expect(task["status"] == "stopped" && task["is_manually_stopped"] == true)
        #expect(self.sent(self.open(&state, "w")) == [])
        #expect(try state.update("1", body: ["status": "executing"], now: self.now).task["status"] == "stopped")
    }

    @Test func historyIsFiltered() throws {
        var state = self.state()
        for id in ["1", "2"] { _ = try self.create(&state, id) }
        _ = try state.update("2", body: ["status": "completed", "result": "r"], now: self.now)
        func ids(_ filters: [String: String], agentID: String? = "a") -> [String?] {
            state.history(agentID: agentID, filters: filters).arrayValue?.map { $0["id"]?.stringValue } ?? []
        }
        #expect(ids([:]) == ["1", "2"])
        #expect(ids(["status": "completed"]) == ["2"])
        #expect(ids(["user_id": "u"]) == [])
        #expect(ids([:], agentID: "b") == [])
    }

    @Test func aFaultIsMetOnceForEachCount() throws {
        var plan = StandInFaultPlan()
        #expect(plan.add(try StandInFault(["fault": "answer", "status": 503, "to": "final-update", "count": 2])))
        #expect(plan.take([.update, .otherUpdate]) == nil)
        #expect(plan.take([.update, .finalUpdate]) == .answer(status: 503, retryAfter: nil))
        #expect(plan.pending == 1)
        #expect(plan.take([.finalUpdate]) != nil)
        #expect(plan.take([.finalUpdate]) == nil)
    }

    @Test func aFaultMayLastForATimeInsteadOfACount() throws {
        var plan = StandInFaultPlan()
        let start = ContinuousClock.now
        #expect(plan.add(try StandInFault(["fault": "lose-reply", "to": "update", "seconds": 2.5]), at: start))
        for _ in 0..<100 { #expect(plan.take([.update], at: start + .seconds(2)) == .loseReply) }
        #expect(plan.take([.read], at: start + .seconds(2)) == nil)
        #expect(plan.pending == 1)
        #expect(plan.take([.update], at: start + .milliseconds(2_500)) == nil)
        #expect(plan.pending == 0)
    }

    @Test(arguments: [
        #"{"fault": "drop", "seconds": 0}"#, #"{"fault": "drop", "seconds": "long"}"#,
        #"{"fault": "drop-streams", "seconds": 1}"#, #"{"fault": "drop", "seconds": 1e300}"#,
        #"{}"#, #"{"fault": "explode"}"#, #"{"fault": "answer"}"#, #"{"fault": "answer", "status": 99}"#,
        #"{"fault": "drop", "to": "nothing"}"#, #"{"fault": "drop", "count": -1}"#, #"{"fault": "delay"}"#, "[]", "7",
    ])
    func badFaultsAreRefused(json: String) throws {
        let value = try Value(json: json)
        let error = #expect(throws: StandInError.self) { try StandInFault(value) }
        #expect(error?.status == 400)
    }
}
