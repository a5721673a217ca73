// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import HeapModule

/// Workers that serve the same agents and queues, and the queues whose turn it may be among them.
///
/// A queue that cannot be dealt from is taken off the list when its turn comes, and put back by what makes it possible again;
/// so nobody looks at it in between.
struct DispatcherClass {
    struct Key: Hashable {
        var agents: Set<String>
        var queues: Set<String>
    }

    let key: Key
    var workers = 0
    var turns = Heap<DispatcherTurn>()
    /// The numbers of the queues that have a turn.
    var listed: Set<Int> = []

    func serves(queue: String) -> Bool {
        self.key.queues.isEmpty || self.key.queues.contains(queue)
    }

    func serves(agentID: String?) -> Bool {
        guard let agentID, !self.key.agents.isEmpty else { return true }
        return self.key.agents.contains(agentID)
    }

    /// Whether it serves every queue and agent.
    var servesAll: Bool { self.key.queues.isEmpty && self.key.agents.isEmpty }

    mutating func list(_ queue: String, _ number: Int, start: Double) -> Bool {
        guard self.serves(queue: queue), self.listed.insert(number).inserted else { return false }
        self.turns.insert(DispatcherTurn(start: start, queue: queue, number: number))
        return true
    }

    mutating func unlistFirst() {
        guard let turn = self.turns.popMin() else { return }
        self.listed.remove(turn.number)
    }
}
