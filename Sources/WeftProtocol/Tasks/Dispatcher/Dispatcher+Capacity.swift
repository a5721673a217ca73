// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

extension Dispatcher {
    /// Says who is busy, when that has changed.
    mutating func updateCapacity(_ step: inout DispatcherStep, at now: Moment) {
        guard !self.configuration.agents.isEmpty else { return }
        if self.load.isStale { self.countSlots(at: now) }
        let stopped = self.isDraining || self.unreported.count >= self.configuration.maximumUnreported
        for agent in self.configuration.agents {
            let offered = self.load.slotsOfAgent[agent] ?? 0
            let isBusy =
                stopped || offered == 0 || self.load.tasks >= self.load.slots
                || (self.load.tasksOfAgent[agent] ?? 0) >= offered
            if self.load.isBusy.updateValue(isBusy, forKey: agent) != isBusy {
                step.capacities.append((agent, isBusy))
            }
        }
    }

    private mutating func countSlots(at now: Moment) {
        self.load.isStale = false
        self.load.slots = 0
        self.load.slotsOfAgent = [:]
        for worker in self.workers.values
        where !worker.isDraining
            && worker.isLive(at: now.monotonic, suspicion: self.configuration.suspicion)
        {
            self.load.slots += worker.slots
            for agent in self.configuration.agents where worker.serves(agentID: agent) {
                self.load.slotsOfAgent[agent, default: 0] += worker.slots
            }
        }
    }
}
