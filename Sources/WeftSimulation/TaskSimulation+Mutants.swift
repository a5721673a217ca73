// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol

extension TaskSimulation {
    /// Breaks the order in which the coordinator's actions are performed.
    mutating func mutate(
        _ actions: [DispatcherAction], by mutant: SimulationMutant
    ) throws -> [DispatcherAction] {
        var kept: [DispatcherAction] = []
        for action in actions {
            switch (mutant, action) {
            case (.leaseWrittenAfterTheSend, .send(_, .dispatch)),
                (.resultAcknowledgedBeforeWritten, .send(_, .acknowledged)),
                (.acceptanceAnsweredBeforeWritten, .announce(.accepted)):
                try self.perform(action)
            default:
                kept.append(action)
            }
        }
        return kept
    }

    /// Breaks what the coordinator hears.
    func mutate(_ message: inout WorkerMessage, from worker: inout NodeID, by mutant: SimulationMutant) {
        switch (mutant, message) {
        case (.fencingOff, .result(let reference, let outcome)):
            guard let status = self.dispatcher.record(of: reference.id)?.status, status.state.isHeld,
                let holder = status.worker
            else { return }
            worker = holder
            message = .result(
                TaskReference(id: reference.id, attempt: status.attempt, epoch: status.epoch ?? reference.epoch),
                outcome)
        case (.fencingOff, .results(let endings)):
            guard let ending = endings.first else { return }
            message = .result(ending.reference, ending.outcome)
            self.mutate(&message, from: &worker, by: mutant)
        case (.creditIgnored, .register(var registration)):
            registration.slots = registration.slots * 2 + 2
            message = .register(registration)
        default:
            break
        }
    }
}
