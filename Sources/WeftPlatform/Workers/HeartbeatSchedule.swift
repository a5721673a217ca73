// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// When heartbeats are due, and what their answers mean.
///
/// The first is due at the registration, each further one an interval after the answer to the one before. A worker that
/// the platform does not know any more is registered again by opening the stream anew: at once the first time, after
/// growing pauses when new registrations are forgotten as well.
struct HeartbeatSchedule: Hashable, Sendable {
    /// What to do next.
    enum Step: Hashable, Sendable {
        /// Nothing before something changes.
        case idle
        /// Nothing before this moment, unless something changes.
        case wait(until: ContinuousClock.Instant)
        /// Send a heartbeat in this worker's name.
        case send(workerID: String)
        /// Open the stream again.
        case reopen
    }

    private enum State: Hashable, Sendable {
        case unregistered
        case due(workerID: String, at: ContinuousClock.Instant)
        case sent(workerID: String)
        case forgotten(at: ContinuousClock.Instant)
    }

    /// The longest pause before the stream is opened again.
    static let longestPause = Duration.seconds(60)

    let interval: Duration
    private var state = State.unregistered
    private var forgottenInRow = 0

    init(interval: Duration) {
        self.interval = interval
    }

    mutating func registered(_ workerID: String, at now: ContinuousClock.Instant) {
        self.state = .due(workerID: workerID, at: now)
    }

    mutating func disconnected() {
        self.state = .unregistered
    }

    /// What is due now; something to do is given once.
    mutating func next(at now: ContinuousClock.Instant) -> Step {
        switch self.state {
        case .unregistered, .sent: return .idle
        case .due(let workerID, let due):
            guard now >= due else { return .wait(until: due) }
            self.state = .sent(workerID: workerID)
            return .send(workerID: workerID)
        case .forgotten(let due):
            guard now >= due else { return .wait(until: due) }
            self.state = .unregistered
            return .reopen
        }
    }

    /// A heartbeat was answered, or its time ran out.
    mutating func answered(_ workerID: String, isAccepted: Bool, at now: ContinuousClock.Instant) {
        guard self.state == .sent(workerID: workerID) else { return }
        if isAccepted { self.forgottenInRow = 0 }
        self.state = .due(workerID: workerID, at: now + self.interval)
    }

    /// The platform does not know the worker, as an answer to any of its messages says.
    mutating func forgotten(_ workerID: String, at now: ContinuousClock.Instant) {
        switch self.state {
        case .due(workerID, _), .sent(workerID):
            let pause: Duration =
                self.forgottenInRow == 0 ? .zero : min(Self.longestPause, .seconds(1 << min(self.forgottenInRow, 6)))
            self.forgottenInRow += 1
            self.state = .forgotten(at: now + pause)
        default: break
        }
    }
}
