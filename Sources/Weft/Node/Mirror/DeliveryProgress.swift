// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import WeftBus

/// How far each origin's events have been handed to the bus, on its way back to the loop.
final class DeliveryProgress: Sendable {
    private let positions = Locked<[NodeID: UInt64]>([:])

    func record(_ origin: NodeID, through sequence: UInt64) {
        self.positions.withLock { $0[origin] = max($0[origin] ?? 0, sequence) }
    }

    /// What is new since the last time.
    func take() -> [NodeID: UInt64] {
        self.positions.withLock { positions in
            defer { positions = [:] }
            return positions
        }
    }
}
