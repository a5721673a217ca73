// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking

/// Tells one attempt's handler that it should stop, and why; only the first reason counts.
final class StopSignal: Sendable {
    private let state = Locked<String?>(nil)

    var reason: String? { self.state.withLock { $0 } }

    func send(_ reason: String) {
        self.state.withLock { $0 = $0 ?? reason }
    }
}
