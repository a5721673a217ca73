// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Something that happens once, to be waited for by tasks and by threads.
final class Signal: Sendable {
    private let state = Locked<(isSet: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func set() {
        let waiters = self.state.withLock { state in
            state.isSet = true
            defer { state.waiters = [] }
            return state.waiters
        }
        self.state.wakeWaiters()
        for waiter in waiters {
            waiter.resume()
        }
    }

    /// Waits; the suite's time limit is the deadline.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isSet = self.state.withLock { state in
                if !state.isSet {
                    state.waiters.append(continuation)
                }
                return state.isSet
            }
            if isSet {
                continuation.resume()
            }
        }
    }

    /// Blocks a server's thread.
    func block() {
        _ = self.state.waitAndLock(timeout: .seconds(30), until: { $0.isSet }, { _ in })
    }
}
