// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import WeftBus
import WeftProtocol

/// What breaks a promise on purpose, and what shows what passes.
extension ClusterSimulation {
    mutating func mutate(_ configuration: inout MeshConfiguration) {
        switch self.settings.mutant {
        case .windowsUnbounded:
            configuration.replayWindow = .max
            configuration.receivedWindows = .max
        case .repairUnpaced: configuration.repairBytesPerTick = .max
        default: break
        }
    }

    /// - Returns: Whether it is sent at all.
    func mutate(sent message: inout ControlMessage, on link: MeshLink, by peer: Int) -> Bool {
        switch (self.settings.mutant, message) {
        case (.repairOff, .fetch): return false
        case (.repairFromOriginOnly, .fetch(_, let origin, _, _)):
            guard case .outbound(let number) = link, let connection = self.peers[peer].links[number],
                let holder = self.connections[connection].acceptor
            else { return false }
            return self.peers[holder].id == origin
        case (.cursorAdvancedOverHole, .heartbeat(let head, let cursors, let digest)):
            message = .heartbeat(
                head: head,
                cursors: cursors.reduce(into: [:]) { all, item in
                    all[item.key] = self.indices[item.key].map { self.peers[$0].head } ?? item.value
                }, digest: digest)
        case (.snapshotOffByOne, .snapshot(let id, true, let events, let cursors)):
            message = .snapshot(id: id, isReady: true, events: events.dropLast(), cursors: cursors)
        case (.snapshotCursorTooHigh, .snapshot(let id, true, let events, let cursors)):
            message = .snapshot(id: id, isReady: true, events: events, cursors: cursors.mapValues { $0 + 1 })
        case (.windowEvictedWithoutTelling, .repair(_, _, let from, let isBusy, _)): return from > 0 || isBusy
        case (.goodbyeWithoutHead, .goodbye): message = .goodbye(head: 0)
        default: break
        }
        return true
    }

    mutating func mutate(received message: inout ControlMessage, over connection: Int, isBack: Bool, at peer: Int) {
        switch (self.settings.mutant, message) {
        case (.flushConfirmedEarly, .flush(let sequence)):
            self.send(.control(.flushed(through: sequence, missed: 0)), over: connection, isBack: !isBack)
        case (.lowestCursorTaken, .heartbeat(let head, let cursors, let digest)):
            var lowest = cursors
            for (id, cursor) in cursors {
                guard let origin = self.indices[id], !self.peers[origin].isUp else { continue }
                lowest[id] = min(cursor, self.peers[peer].mesh.position(in: id)?.received ?? cursor)
            }
            message = .heartbeat(head: head, cursors: lowest, digest: digest)
        default: break
        }
    }

    /// Hands to the bus what came before.
    mutating func deliverAgain(_ batch: EventBatch, at peer: Int) throws {
        guard let origin = self.indices[batch.origin], origin < self.peers[peer].views.count,
            let view = self.peers[peer].views[origin], batch.last <= view.position
        else { return }
        try self.check(.events(batch, after: batch.first - 1), at: peer)
    }

    func trace(_ message: ControlMessage, from connection: Int, isBack: Bool, at receiver: Int) {
        let state = self.connections[connection]
        let sender = isBack ? state.acceptor ?? state.dialer : state.dialer
        self.note("\(self.name(receiver)) ← \(self.name(sender)): \(self.summary(message))")
    }

    private func summary(_ message: ControlMessage) -> String {
        switch message {
        case .hello(let record, _): "hello from \(record.control)"
        case .welcome(_, let roster): "welcome to \(roster.map { self.name($0.record.id) })"
        case .heartbeat(let head, let cursors, _):
            "heartbeat at \(head), cursors \(cursors.map { "\(self.name($0.key)): \($0.value)" }.sorted())"
        case .roster(let entries, _): "roster \(entries.map { self.name($0.record.id) })"
        case .snapshotRequest(_, let floors):
            "history wanted from \(floors.map { "\(self.name($0.key)): \($0.value)" }.sorted())"
        case .snapshot(_, let isReady, let events, let cursors):
            "history \(isReady ? "\(events.count) events, \(cursors.map { "\(self.name($0.key)): \($0.value)" }.sorted())" : "not ready")"
        case .fetch(_, let origin, let first, let last): "fetch \(first)…\(last) of \(self.name(origin))"
        case .repair(_, let origin, let from, let isBusy, let batches):
            isBusy
                ? "repair of \(self.name(origin)): busy"
                : "repair of \(self.name(origin)) from \(from): \(batches.count) batches"
        default: "\(message)"
        }
    }

    /// Counts what a message has brought.
    mutating func note(_ message: ControlMessage, brought actions: [MeshAction], to peer: Int) throws {
        switch message {
        case .repair(_, let origin, _, _, _):
            guard let index = self.indices[origin], !self.peers[index].isUp else { return }
            for case .deliver(.events(let batch, let after)) in actions where batch.origin == origin {
                self.report.deadTails += Int(clamping: batch.last - after)
            }
        default: break
        }
    }
}
