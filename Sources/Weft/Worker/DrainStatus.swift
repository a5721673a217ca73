// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

/// How the drain of a worker or a coordinator goes.
public struct DrainStatus: Hashable, Sendable {
    /// How many tasks are still waited for.
    public var running: Int
    /// How long they may still take.
    public var timeLeft: Duration

    /// Creates a status.
    public init(running: Int, timeLeft: Duration) {
        self.running = running
        self.timeLeft = timeLeft
    }
}
