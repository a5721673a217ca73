// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How the drain of a worker or a coordinator goes, or would go.
public struct DrainStatus: Hashable, Sendable {
    /// How many tasks are still waited for.
    public var running: Int
    /// How long they may still take.
    public var timeLeft: Duration
    /// How many tasks were begun and could not end in time.
    public var interrupted: Int

    /// Creates a status.
    public init(running: Int, timeLeft: Duration, interrupted: Int = 0) {
        self.running = running
        self.timeLeft = timeLeft
        self.interrupted = interrupted
    }
}
