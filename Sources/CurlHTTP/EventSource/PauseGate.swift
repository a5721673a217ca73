// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// A pause that can be cut short.
final class PauseGate: Sendable {
    private let state = Locked<(isOpen: Bool, waiter: CheckedContinuation<Void, Never>?)>((false, nil))

    /// Returns at the given time, or when the gate is opened or the task cancelled.
    func wait(until instant: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await Task.sleep(until: instant, clock: .continuous)
                self.open()
            }
            await withTaskCancellationHandler {
                await self.opened()
            } onCancel: {
                self.open()
            }
            group.cancelAll()
        }
    }

    /// Ends the pause.
    func open() {
        let waiter = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func opened() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen {
                    state.waiter = continuation
                }
                return state.isOpen
            }
            if isOpen {
                continuation.resume()
            }
        }
    }
}
