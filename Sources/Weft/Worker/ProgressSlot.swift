// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftValue

/// Holds one attempt's newest progress until the socket loop takes it, so that a handler that reports in a loop costs a lock and no memory.
final class ProgressSlot: Sendable {
    private struct State {
        var value: Value?
        var replaced = 0
    }

    private let state = Locked(State())

    /// Puts in a report; true when the loop must be told, because nothing was waiting for it.
    func put(_ value: Value) -> Bool {
        self.state.withLock { state in
            defer { state.value = value }
            guard state.value != nil else { return true }
            state.replaced += 1
            return false
        }
    }

    /// Takes out the newest report, with how many it has replaced since the last time.
    func take() -> (value: Value, replaced: Int)? {
        self.state.withLock { state in
            guard let value = state.value else { return nil }
            defer { state = State() }
            return (value, state.replaced)
        }
    }
}
