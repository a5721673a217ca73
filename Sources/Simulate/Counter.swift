// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Hands out numbers, each once.
final class Counter: Sendable {
    private let next = Atomic<UInt64>(0)

    func take() -> UInt64 { self.next.wrappingAdd(1, ordering: .relaxed).oldValue }
}
