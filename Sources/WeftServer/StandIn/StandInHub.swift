// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import WeftValue

/// The stand-in's state behind a lock, with the streams that its actions go to and those who wait for something.
final class StandInHub: Sendable {
    private struct Waiter {
        let condition: @Sendable (StandInSnapshot) -> Bool
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Shared {
        var state: StandInState
        var faults = StandInFaultPlan()
        var workerStreams: [String: StandInStream] = [:]
        var watchers: [String: [UInt64: StandInStream]] = [:]
        var waiters: [UInt64: Waiter] = [:]
        var lastNumber: UInt64 = 0
        var isClosing = false

        mutating func number() -> UInt64 {
            self.lastNumber &+= 1
            return self.lastNumber
        }

        /// Runs actions.
        ///
        /// A stream only takes text into its queue here, so this may happen under the lock, and must: what
        /// two changes say on one stream has to leave in the order in which they happened.
        func perform(_ actions: [StandInAction]) {
            for action in actions {
                switch action {
                case .sendToWorker(let id, let name, let data):
                    self.workerStreams[id]?.send(name: name, data: data)
                case .sendToWatchers(let taskID, let data):
                    for stream in self.watchers[taskID, default: [:]].values { stream.send(name: nil, data: data) }
                case .endWorker(let id):
                    self.workerStreams[id]?.finish()
                case .endWatchers(let taskID):
                    for stream in self.watchers[taskID, default: [:]].values { stream.finish() }
                }
            }
        }

        func isServed(_ agentID: String?, by workerID: String) -> Bool {
            agentID == nil || self.state.workers[workerID]?.agentID == agentID
        }

        func streams(of agentID: String?) -> [StandInStream] {
            self.workerStreams.filter { self.isServed(agentID, by: $0.key) }.map(\.value)
        }

        mutating func satisfied() -> [Waiter] {
            guard !self.waiters.isEmpty else { return [] }
            let snapshot = StandInSnapshot(state: self.state)
            let ready = self.waiters.filter { $0.value.condition(snapshot) }
            for number in ready.keys { self.waiters[number] = nil }
            return Array(ready.values)
        }
    }

    private let shared: Locked<Shared>

    init(redelivers: Bool) {
        self.shared = Locked(Shared(state: StandInState(redelivers: redelivers)))
    }

    // MARK: State

    /// Changes the state, runs the actions and wakes those who waited for it.
    func change<Result: Sendable>(
        _ body: @Sendable (inout StandInState) throws(StandInError) -> (Result, [StandInAction])
    ) throws(StandInError) -> Result {
        let (result, waiters) = try self.shared.withLock { shared throws(StandInError) -> (Result, [Waiter]) in
            let (result, actions) = try body(&shared.state)
            shared.perform(actions)
            return (result, shared.satisfied())
        }
        for waiter in waiters { waiter.continuation.resume() }
        return result
    }

    /// Counts something.
    func count(_ body: @Sendable (inout StandInStatistics) -> Void) {
        self.shared.withLock { body(&$0.state.statistics) }
    }

    var snapshot: StandInSnapshot {
        self.shared.withLock { StandInSnapshot(state: $0.state) }
    }

    var summary: Value {
        self.shared.withLock { shared in
            shared.faults.forgetPast(.now)
            return shared.state.summary(faultsPending: shared.faults.pending)
        }
    }

    /// Waits until the condition holds, which is looked at after every change.
    func wait(until condition: @escaping @Sendable (StandInSnapshot) -> Bool) async throws {
        let number = self.shared.withLock { $0.number() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = self.shared.withLock { shared in
                    if Task.isCancelled || condition(StandInSnapshot(state: shared.state)) { return true }
                    shared.waiters[number] = Waiter(condition: condition, continuation: continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
            try Task.checkCancellation()
        } onCancel: {
            let waiter = self.shared.withLock { $0.waiters.removeValue(forKey: number) }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    // MARK: Streams

    /// Opens a worker's stream; nil when the stand-in is closing.
    func open(worker id: String, agentID: String, organizationID: String, environment: String) -> StandInStream? {
        self.locked { shared in
            guard !shared.isClosing else { return nil }
            let stream = StandInStream()
            shared.workerStreams[id] = stream
            shared.state.statistics.streamsOpened += 1
            shared.state.statistics.streamsOpen += 1
            shared.perform(
                shared.state.open(
                    worker: id, agentID: agentID, organizationID: organizationID, environment: environment, now: .now))
            return stream
        }
    }

    /// A worker's stream has ended.
    func closed(worker id: String) {
        self.locked { shared in
            shared.workerStreams[id] = nil
            shared.state.statistics.streamsOpen -= 1
            // While the stand-in closes, what its workers had is not dealt to those that are closed next.
            if !shared.isClosing { shared.perform(shared.state.closed(worker: id, now: .now)) }
        }
    }

    /// Opens a stream of one task's updates, beginning with those that are kept.
    func watch(_ taskID: String) -> (stream: StandInStream, number: UInt64)? {
        var number: UInt64 = 0
        let stream = self.shared.withLock { shared -> StandInStream? in
            guard !shared.isClosing, let task = shared.state.tasks[taskID] else { return nil }
            let stream = StandInStream()
            for event in task.events { stream.send(name: nil, data: event) }
            if task.isFinal { stream.finish() }
            number = shared.number()
            shared.watchers[taskID, default: [:]][number] = stream
            shared.state.statistics.streamsOpened += 1
            shared.state.statistics.streamsOpen += 1
            return stream
        }
        return stream.map { ($0, number) }
    }

    /// A watcher has left.
    func unwatch(_ taskID: String, number: UInt64) {
        self.shared.withLock { shared in
            shared.state.statistics.streamsOpen -= 1
            shared.watchers[taskID]?[number] = nil
            if shared.watchers[taskID]?.isEmpty ?? false { shared.watchers[taskID] = nil }
        }
    }

    /// Ends all streams, now and from now on.
    func close() {
        let streams = self.shared.withLock { shared in
            shared.isClosing = true
            return Array(shared.workerStreams.values) + shared.watchers.values.flatMap(\.values)
        }
        for stream in streams { stream.finish() }
    }

    /// Runs `body` under the lock and then wakes those who waited for what it did.
    private func locked<Result: Sendable>(_ body: @Sendable (inout Shared) -> Result) -> Result {
        let (result, waiters) = self.shared.withLock { shared -> (Result, [Waiter]) in
            (body(&shared), shared.satisfied())
        }
        for waiter in waiters { waiter.continuation.resume() }
        return result
    }

    // MARK: Faults

    func clearFaults() {
        self.shared.withLock { $0.faults.clear() }
    }

    func take(_ targets: [StandInFault.Target]) -> StandInFaultPlan.Effect? {
        self.shared.withLock { shared in
            let effect = shared.faults.take(targets, at: .now)
            if effect != nil { shared.state.statistics.faults += 1 }
            return effect
        }
    }

    func inject(_ fault: StandInFault) {
        self.locked { shared in
            guard !shared.faults.add(fault, at: .now) else { return }
            switch fault {
            case .dropStreams(let agentID, let inMiddleOfEvent):
                for stream in shared.streams(of: agentID) { inMiddleOfEvent ? stream.cut() : stream.finish() }
            case .sendText(let agentID, let text):
                for stream in shared.streams(of: agentID) { stream.send(text: text, events: 1) }
            case .silence(let agentID):
                for stream in shared.streams(of: agentID) { stream.silence() }
            case .conflict(let agentID, let reason):
                for (id, stream) in shared.workerStreams where shared.isServed(agentID, by: id) {
                    stream.send(
                        name: "worker-environment-conflict", data: StandInState.conflict(id: id, reason: reason))
                    stream.finish()
                }
            case .forgetWorkers(let agentID):
                for id in shared.workerStreams.keys where shared.isServed(agentID, by: id) {
                    shared.state.workers[id]?.isForgotten = true
                }
            default: break
            }
        }
    }
}
