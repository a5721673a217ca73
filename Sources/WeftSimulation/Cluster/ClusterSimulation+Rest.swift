// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol

/// What must hold each second, and at the end.
extension ClusterSimulation {
    mutating func check() throws {
        for peer in self.seats.compactMap({ $0 }) {
            try self.checkBounds(of: peer)
            // What waits for the slowest peer has not gone out.
            self.peers[peer].heads.append(self.peers[peer].outbox.first.map { $0.first - 1 } ?? self.peers[peer].head)
            if self.peers[peer].heads.count > Self.lag { self.peers[peer].heads.removeFirst() }
        }
        try self.checkProgress()
        self.plan(.check, after: 1_000_000)
        guard self.time >= self.settings.span * 1000 else { return }
        self.tasks?.reach(self.time)
        guard let unrest = self.unrest else {
            self.isOver = true
            return
        }
        guard self.time < self.healedAt + self.settings.patience * 1000 else {
            throw SimulationViolation(
                "not at rest \(self.settings.patience / 1000) s after the last fault: \(unrest)")
        }
    }

    /// E5: nothing grows without bound.
    private func checkBounds(of peer: Int) throws {
        let bytes = self.peers[peer].mesh.windowBytes
        guard bytes.own <= self.script.replayWindow, bytes.received <= self.script.receivedWindows else {
            throw SimulationViolation("\(self.name(peer)) holds \(bytes) bytes for others")
        }
        try self.checkWaiting(peer)
        // One batch may close many holes.
        guard self.peers[peer].queue.count <= self.script.deliveryQueue + 300 else {
            throw SimulationViolation(
                "\(self.peers[peer].queue.count) deliveries wait for the bus of \(self.name(peer))")
        }
    }

    /// E5: whoever is out of trouble hears whoever else is, whatever the rest does.
    private mutating func checkProgress() throws {
        let up = self.seats.compactMap { $0 }
        for origin in up where self.peers[origin].hasJoined && self.peers[origin].heads.count == Self.lag {
            guard let head = self.peers[origin].heads.first else { continue }
            for peer in up where peer != origin && self.peers[peer].hasJoined {
                let position = self.position(of: peer, in: origin)
                guard position < head else { continue }
                guard self.peers[origin].mesh.holds(position + 1, of: self.peers[origin].id) else {
                    // What only others may hold is waited for as long as they may live; what follows comes after it.
                    self.peers[peer].waitedForOthers[origin] = self.time
                    continue
                }
                let since = max(self.peers[peer].joinedAt, self.peers[peer].waitedForOthers[origin] ?? 0)
                guard self.isCalm(peer, origin), since + UInt64(Self.lag) * 1_000_000 < self.time else { continue }
                throw SimulationViolation(
                    "\(self.name(peer)) is at \(position) of \(self.name(origin)), which was at \(head) \(Self.lag) s ago"
                )
            }
        }
    }

    /// How far a node has got in a stream, by its bus or, when nothing has come, by its mesh.
    private func position(of peer: Int, in origin: Int) -> UInt64 {
        if let view = self.view(of: peer, in: origin) { return view.position }
        return self.peers[peer].mesh.position(in: self.peers[origin].id)?.received ?? 0
    }

    /// What is not yet as it must be once all faults are over; nil when all is.
    private var unrest: String? {
        let up = self.seats.compactMap { $0 }
        guard up.count == self.settings.nodes else { return "a seat is empty" }
        for peer in up {
            guard self.peers[peer].hasJoined else { return "\(self.name(peer)) has not joined" }
            guard self.peers[peer].queue.isEmpty else { return "the bus of \(self.name(peer)) has not got all" }
            for other in up where other != peer {
                guard self.peers[peer].announced.contains(other) else {
                    return "\(self.name(peer)) does not take \(self.name(other)) for joined"
                }
                let position = self.position(of: peer, in: other)
                guard position == self.peers[other].head else {
                    return "\(self.name(peer)) is at \(position) of \(self.peers[other].head) of \(self.name(other))"
                }
            }
            for other in self.peers[peer].announced where !up.contains(other) {
                return "\(self.name(peer)) takes \(self.name(other)) for joined, which is gone"
            }
            guard self.peers[peer].flushes.isEmpty else { return "a flush of \(self.name(peer)) has not ended" }
        }
        if let tasks = self.tasks, !tasks.isOver { return "not all tasks have ended" }
        // Of who is gone, everyone has as much as anyone.
        for gone in self.peers.indices where !up.contains(gone) {
            let positions = up.compactMap { peer -> (peer: Int, received: UInt64)? in
                guard let position = self.peers[peer].mesh.position(in: self.peers[gone].id), position.isLive else {
                    return nil
                }
                return (peer, position.received)
            }
            guard let most = positions.max(by: { $0.received < $1.received }),
                let least = positions.min(by: { $0.received < $1.received }), most.received != least.received
            else { continue }
            return
                "\(self.name(most.peer)) has \(self.name(gone)) up to \(most.received), and \(self.name(least.peer)) only to \(least.received)"
        }
        return nil
    }
}
