// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

/// A worker that could hold more, and what it is dealt in one go.
struct DispatcherOpening {
    let id: NodeID
    let classNumber: Int
    /// Whether it serves every queue and agent.
    let servesAll: Bool
    /// How many of its slots are free; less than none while it only has room for what is to wait there.
    var free: Int
    /// How much more it may hold.
    var room: Int
    var dealt: UInt64
    var places: [Int] = []
    var requests: [TaskRequest] = []
}
