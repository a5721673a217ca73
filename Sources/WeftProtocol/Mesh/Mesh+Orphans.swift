// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus

// Streams outlive the membership of their origins: whoever missed the end gets it from those who have it. An orphan is a stream
// whose origin was gone when this node came, or said goodbye and is no longer remembered.
extension Mesh {
    /// Keeps a stream without its origin for as long as that of a dead member: a cut does not ask how an origin went.
    mutating func orphan(_ id: NodeID, at now: MonotonicTime) {
        self.orphans[id] = now + MeshDefaults.deadTombstone
        guard self.orphans.count > MeshDefaults.orphans,
            let oldest = self.orphans.min(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key
        else { return }
        self.counters.orphansForgotten += 1
        self.release(oldest)
    }

    /// Lets go of those that have been kept for long enough.
    mutating func forgetOrphans(at now: MonotonicTime) {
        for (id, deadline) in self.orphans where now >= deadline || self.isBack(id) { self.release(id) }
    }

    private func isBack(_ id: NodeID) -> Bool {
        guard let status = self.membership.status(of: id) else { return false }
        return status != .left
    }

    private mutating func release(_ id: NodeID) {
        self.orphans[id] = nil
        // Of a member the stream goes when the member does.
        if self.membership[id] == nil { self.forgetStream(of: id) }
    }

    mutating func forgetStream(of id: NodeID) {
        self.streams[id] = nil
        self.windows.forget(id)
        self.repairs[id] = nil
        self.broken.remove(id)
    }
}
