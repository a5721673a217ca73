// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol

/// A worker's process.
struct SimulatedWorker {
    struct Handler {
        let request: TaskRequest
        var isCancelled = false
    }

    let id: NodeID
    let slots: Int
    let queues: [String]
    var machine: WorkerMachine
    var isAlive = true
    var isDraining = false
    /// Whether its time for leaving in good order is over.
    var isForced = false
    var pausedUntil: UInt64 = 0
    /// How far its wall clock is off, in seconds.
    var clock: Double
    var handlers: [AttemptKey: Handler] = [:]
    /// Its socket towards the sink; nil for none.
    var up: Int?
    /// Outcomes that nobody has acknowledged.
    var owed: Set<AttemptKey> = []
    /// The newest epoch whose welcome has arrived.
    var welcomed: TaskEpoch?

    // What the current coordinator has seen of it.
    var heardAt: UInt64?
    var pongAt: UInt64?
    var lastPong: UInt64 = 0
    var closedAt: UInt64?
    var session: UInt64 = 0
    /// How many tasks the ledger says that it holds.
    var held = 0

    /// What it may be dealt: its slots and a tenth more, at least one.
    var window: Int { self.slots + max(1, (self.slots + 9) / 10) }
}
