// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Wakes one task that waits for something to change.
final class Doorbell: Sendable {
    private enum State {
        case quiet
        /// Rung while nobody was waiting.
        case rung
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Locked(State.quiet)

    /// Wakes whoever waits, or lets the next one pass.
    func ring() {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .waiting(let waiter) = state else {
                state = .rung
                return nil
            }
            state = .quiet
            return waiter
        }
        waiter?.resume()
    }

    /// Waits until someone rings, the moment has come, or the task is cancelled.
    func wait(until instant: ContinuousClock.Instant?) async {
        guard let instant else { return await self.wait() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try? await Task.sleep(until: instant, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let passes = self.state.withLock { state in
                    if case .rung = state {
                        state = .quiet
                        return true
                    }
                    if Task.isCancelled { return true }
                    state = .waiting(continuation)
                    return false
                }
                if passes { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard case .waiting(let waiter) = state else { return nil }
                state = .quiet
                return waiter
            }
            waiter?.resume()
        }
    }
}
