// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Locking
import WeftValue

/// Sends a connection's heartbeats and capacity messages, each kind one at a time.
final class WorkerMessenger: Sendable {
    private struct State {
        var heartbeats: HeartbeatSchedule
        var capacity = CapacityReporter()
        /// When an open stream must have registered a worker; nil when it has, or when there is none.
        var registrationDue: ContinuousClock.Instant?
        var failures: UInt64 = 0
    }

    private let client: PlatformClient
    private let agentID: String
    private let state: Locked<State>
    private let heartbeatBell = Doorbell()
    private let capacityBell = Doorbell()
    private let registrationBell = Doorbell()
    private let registrationLimit: Duration
    private let reopen: @Sendable () -> Void
    private let onFailure: @Sendable (PlatformError) -> Void

    init(
        client: PlatformClient, agentID: String, interval: Duration, registrationLimit: Duration,
        reopen: @escaping @Sendable () -> Void, onFailure: @escaping @Sendable (PlatformError) -> Void
    ) {
        self.client = client
        self.agentID = agentID
        self.state = Locked(State(heartbeats: HeartbeatSchedule(interval: interval)))
        self.registrationLimit = registrationLimit
        self.reopen = reopen
        self.onFailure = onFailure
    }

    /// How many messages have failed.
    var failures: UInt64 { self.state.withLock { $0.failures } }

    func opened() {
        self.change { $0.registrationDue = .now + self.registrationLimit }
    }

    func registered(_ record: WorkerRecord) {
        self.change { state in
            state.registrationDue = nil
            state.heartbeats.registered(record.id, at: .now)
            state.capacity.registered(record.id, countsAsBusy: record.raw["is_busy"]?.boolValue ?? false)
        }
    }

    func disconnected() {
        self.change { state in
            state.registrationDue = nil
            state.heartbeats.disconnected()
            state.capacity.disconnected()
        }
    }

    func set(isBusy: Bool) {
        self.change { $0.capacity.set(isBusy: isBusy) }
    }

    /// Sends until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.sendHeartbeats() }
            group.addTask { await self.sendCapacity() }
            group.addTask { await self.watchRegistration() }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        self.state.withLock { body(&$0) }
        self.heartbeatBell.ring()
        self.capacityBell.ring()
        self.registrationBell.ring()
    }

    /// Opens a stream anew that is open and registers nobody.
    private func watchRegistration() async {
        while !Task.isCancelled {
            let due = self.state.withLock { $0.registrationDue }
            guard let due, due <= .now else {
                await self.registrationBell.wait(until: due)
                continue
            }
            self.state.withLock { $0.registrationDue = nil }
            self.reopen()
        }
    }

    private func sendHeartbeats() async {
        while !Task.isCancelled {
            switch self.state.withLock({ $0.heartbeats.next(at: .now) }) {
            case .idle: await self.heartbeatBell.wait(until: nil)
            case .wait(let instant): await self.heartbeatBell.wait(until: instant)
            case .reopen: self.reopen()
            case .send(let workerID):
                let error = await self.send(.heartbeat(.now), workerID: workerID)
                self.state.withLock { state in
                    if error?.status == 404 {
                        state.heartbeats.forgotten(workerID, at: .now)
                    } else {
                        state.heartbeats.answered(workerID, isAccepted: error == nil, at: .now)
                    }
                }
            }
        }
    }

    private func sendCapacity() async {
        while !Task.isCancelled {
            switch self.state.withLock({ $0.capacity.next(at: .now) }) {
            case .idle: await self.capacityBell.wait(until: nil)
            case .wait(let instant): await self.capacityBell.wait(until: instant)
            case .send(let workerID, let isBusy):
                let error = await self.send(.capacity(isBusy: isBusy), workerID: workerID)
                self.change { state in
                    if error?.status == 404 { state.heartbeats.forgotten(workerID, at: .now) }
                    state.capacity.answered(isTold: error == nil || error?.disposition == .refused, at: .now)
                }
            }
        }
    }

    private func send(_ message: WorkerMessage, workerID: String) async -> PlatformError? {
        do {
            try await self.client.send(message, workerID: workerID, agentID: self.agentID)
            return nil
        } catch {
            if error.code != .cancelled {
                self.state.withLock { $0.failures += 1 }
                self.onFailure(error)
            }
            return error
        }
    }
}
