// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// A worker as the dispatcher keeps it.
struct DispatcherWorker {
    let id: NodeID
    var name: String
    var slots: Int
    var agents: [String]
    var queues: [String]
    var endpoint: String
    /// Which registration of the worker this is; the same one may arrive twice.
    var session: UInt64
    /// The places of the tasks that it holds.
    var held: Set<Int> = []
    var isDraining = false
    /// When its connection was seen to close; nil while it stands.
    var closedAt: MonotonicTime?
    var heardAt: MonotonicTime
    /// When a ping last came back: the dispatch channel's own sign of life.
    var provenAt: MonotonicTime
    var lastPong: UInt64 = 0
    var nextPing: UInt64 = 1
    var pingedAt: MonotonicTime?
    /// The number of the newest heartbeat heard, which the next ping confirms.
    var heartbeat: UInt64 = 0
    var dealt: UInt64 = 0
    /// Which of the dispatcher's classes of workers it belongs to.
    var classNumber = -1

    /// How much it may hold: what it runs, and a little more so that it need not wait for the next.
    var window: Int { self.slots + max(1, (self.slots + 9) / 10) }

    /// Whether it could hold more.
    var hasRoom: Bool { !self.isDraining && self.held.count < self.window }

    func isLive(at now: MonotonicTime, suspicion: Duration) -> Bool {
        self.closedAt == nil && now - self.heardAt <= suspicion
    }

    func serves(agentID: String?) -> Bool {
        guard let agentID, !self.agents.isEmpty else { return true }
        return self.agents.contains(agentID)
    }

    func serves(queue: String) -> Bool {
        self.queues.isEmpty || self.queues.contains(queue)
    }
}
