// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// Which capacity message has to be sent, if any.
///
/// Only changes are sent and one message at a time, so that their order on the wire is the order of the facts. After a
/// reconnection the new worker counts as what its record says, so the truth is told again if that is something else.
struct CapacityReporter: Sendable {
    /// What to do next.
    enum Step: Hashable, Sendable {
        /// Nothing before something changes.
        case idle
        /// Nothing before this moment, unless something changes.
        case wait(until: ContinuousClock.Instant)
        /// Send a message in this worker's name.
        case send(workerID: String, isBusy: Bool)
    }

    /// The pauses after failures.
    static let firstPause = Duration.milliseconds(500)
    static let longestPause = Duration.seconds(10)

    private var workerID: String?
    private var isBusy: Bool?
    private var told: Bool?
    private var inFlight: (workerID: String, isBusy: Bool)?
    private var failures = 0
    private var retryAt: ContinuousClock.Instant?

    /// What is known about the worker's slots.
    mutating func set(isBusy: Bool) {
        self.isBusy = isBusy
    }

    mutating func registered(_ workerID: String, countsAsBusy: Bool) {
        self.workerID = workerID
        self.told = countsAsBusy
        self.failures = 0
        self.retryAt = nil
    }

    mutating func disconnected() {
        self.workerID = nil
    }

    /// What is due now; a message is given once.
    mutating func next(at now: ContinuousClock.Instant) -> Step {
        guard self.inFlight == nil, let workerID = self.workerID, let isBusy = self.isBusy, isBusy != self.told else {
            return .idle
        }
        if let retryAt = self.retryAt, now < retryAt { return .wait(until: retryAt) }
        self.inFlight = (workerID, isBusy)
        return .send(workerID: workerID, isBusy: isBusy)
    }

    /// The message was answered, or its time ran out.
    ///
    /// - Parameters:
    ///   - isTold: Whether the platform knows now, or will not hear it.
    ///   - now: The present time.
    mutating func answered(isTold: Bool, at now: ContinuousClock.Instant) {
        guard let message = self.inFlight else { return }
        self.inFlight = nil
        // An answer for a worker that has been replaced says nothing about the new one.
        guard message.workerID == self.workerID else { return }
        if isTold {
            self.told = message.isBusy
            self.failures = 0
            self.retryAt = nil
        } else {
            // It may have arrived all the same, so neither state counts as told.
            self.told = nil
            let pause = min(Self.longestPause, Self.firstPause * (1 << min(self.failures, 5)))
            self.failures += 1
            self.retryAt = now + pause
        }
    }
}
