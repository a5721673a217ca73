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
    /// What it is dealt, cut into messages of a bounded size, each with at least one task.
    private(set) var batches: [[TaskRequest]] = []
    private var bytes = 0

    init(id: NodeID, classNumber: Int, servesAll: Bool, free: Int, room: Int, dealt: UInt64) {
        self.id = id
        self.classNumber = classNumber
        self.servesAll = servesAll
        self.free = free
        self.room = room
        self.dealt = dealt
    }

    mutating func deal(_ request: TaskRequest, at place: Int, bytes: Int) {
        self.places.append(place)
        self.dealt += 1
        self.free -= 1
        self.room -= 1
        if let last = self.batches.indices.last, self.bytes + bytes <= TaskDefaults.dispatchBytes {
            self.batches[last].append(request)
            self.bytes += bytes
        } else {
            self.batches.append([request])
            self.bytes = bytes
        }
    }
}
