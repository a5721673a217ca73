// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import DequeModule
import Locking

/// Weft's own events on their way to the listeners: whoever announces one does not run users' code.
final class Announcements: Sendable {
    private struct State {
        var waiting: Deque<Emission> = []
        var isWorking = false
    }

    private let state = Locked(State())

    /// Takes an event.
    ///
    /// - Returns: False when too many are waiting; then it is dropped.
    func append(_ emission: Emission, on bus: EventBus) -> Bool {
        let (isTaken, starts) = self.state.withLock { state -> (Bool, Bool) in
            guard state.waiting.count < EventBus.Defaults.announcements else { return (false, false) }
            state.waiting.append(emission)
            defer { state.isWorking = true }
            return (true, !state.isWorking)
        }
        // See Mailbox: nobody runs a bus, and the task ends when nothing waits.
        if starts { Task.detached { await self.work(bus) } }
        return isTaken
    }

    private func work(_ bus: EventBus) async {
        while let emission = self.next() {
            await bus.handOver(emission, to: bus.listeners(for: emission.name))
        }
    }

    private func next() -> Emission? {
        self.state.withLock { state in
            let emission = state.waiting.popFirst()
            if emission == nil { state.isWorking = false }
            return emission
        }
    }
}
