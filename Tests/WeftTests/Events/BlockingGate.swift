// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftTestKit

/// A gate for synchronous handlers: whoever comes to it blocks the thread until it opens.
final class BlockingGate: Sendable {
    private let isOpen = Locked(false)
    private let arrived = Collector<Void>("blocked handlers")

    /// Blocks; false when it did not open in time.
    func wait() -> Bool {
        self.arrived.append(())
        return self.isOpen.waitAndLock(timeout: .seconds(20), until: { $0 }, { $0 }) ?? false
    }

    func open() {
        self.isOpen.withLock { $0 = true }
        self.isOpen.wakeWaiters()
    }

    func arrivals(_ count: Int) async throws {
        _ = try await self.arrived.prefix(count)
    }
}
