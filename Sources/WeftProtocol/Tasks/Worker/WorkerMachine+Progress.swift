// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

extension WorkerMachine {
    /// A handler reported progress: it is told at once, or, when the last report is too recent, in a while unless a newer one comes.
    public mutating func progressed(id: String, attempt: Int, _ value: Value, at now: Moment) -> [WorkerAction] {
        let key = Key(id: id, attempt: attempt)
        guard var held = self.held[key], held.phase == .running else { return [] }
        guard value.approximateBytes <= self.configuration.maximumProgressBytes else {
            self.counters.oversizedProgress += 1
            return []
        }
        if held.progress != nil { self.counters.progressCoalesced += 1 }
        held.progress = value
        self.held[key] = held
        return self.tellProgress(of: key, at: now)
    }

    /// Tells the progress that has waited long enough.
    mutating func tellProgress(at now: Moment) -> [WorkerAction] {
        guard self.isRegistered else { return [] }
        let keys = self.held.keys { $0.progress != nil && $0.phase == .running }
        return keys.flatMap { self.tellProgress(of: $0, at: now) }
    }

    private mutating func tellProgress(of key: Key, at now: Moment) -> [WorkerAction] {
        guard self.isRegistered, let held = self.held[key], let value = held.progress,
            held.progressAt.map({ now.monotonic - $0 >= self.configuration.progressInterval }) ?? true
        else { return [] }
        self.held[key]?.progress = nil
        self.held[key]?.progressAt = now.monotonic
        return [.send(.progress(held.reference, value))]
    }
}
