// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

extension EventBus {
    /// The newest events, the oldest of them first: at most 100 and 8 MiB, also those that nobody listened to.
    ///
    /// Recorded before handlers run. What the bus itself says (`new_listener`, `error` about a handler, `weft:*`) is not
    /// part of it.
    public func history() -> [EventRecord] {
        Self.records(self.state.withLock { $0.history.all() })
    }

    /// The newest events with exactly this name, the oldest of them first.
    public func history(of name: EventName) -> [EventRecord] {
        Self.records(self.state.withLock { $0.history.all { found, _ in found == name } })
    }

    /// Forgets the history of this process.
    public func clearHistory() {
        self.state.withLock { $0.history.clear() }
    }

    /// Outside the lock, because what has not been encoded yet is encoded now.
    static func records(_ emissions: [Emission]) -> [EventRecord] {
        emissions.compactMap { try? $0.record() }
    }
}
