// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Synchronization
public import WeftValue

extension EventBus {
    /// Plugs in what mirrors this bus; from now on emits go there, too, and carry this origin.
    ///
    /// One port at a time: another one takes the place of the first.
    public func attach(_ port: any EventPort, origin: NodeID) {
        self.state.withLock { state in
            state.port = port
            state.origin = origin
        }
        self.hasPort.store(true, ordering: .releasing)
    }

    /// Takes the port out again; does nothing if it is not the one plugged in.
    public func detach(_ port: any EventPort) {
        self.state.withLock { state in
            guard state.port === port else { return }
            state.port = nil
            self.hasPort.store(false, ordering: .releasing)
        }
    }

    /// Delivers events of other nodes: one origin's, in order.
    ///
    /// Synchronous listeners are called, asynchronous ones get the events through their mailboxes; while one of those is
    /// full, this waits. Never runs on the caller's executor, so users' code never runs on a socket loop.
    ///
    /// Events that other nodes may not send (`error`, `new_listener`, `weft:*`, bad names) are dropped and counted.
    @concurrent
    public func deliver(_ batch: [EventRecord]) async {
        for record in batch {
            guard record.name.isMirrored else {
                self.count(\.refusedRemote)
                continue
            }
            let listeners = self.state.withLock { state in
                state.counters.received &+= 1
                if self.configuration.historyEvents > 0 {
                    state.counters.historyByteDrops &+= UInt64(clamping: state.history.append(record))
                }
                return state.registry.listeners(for: record.name)
            }
            if !listeners.isEmpty { await self.handOver(Emission(record, isRemote: true), to: listeners) }
        }
    }

    /// Emits one of Weft's own events (`weft:*`): in this process only, not in the history.
    ///
    /// Returns at once; listeners are called from a task of the bus, in the order of the announcements.
    public func announce(_ name: EventName, _ arguments: [Value]) {
        let origin = self.state.withLock { $0.origin }
        let emission = Emission(name: name, origin: origin, source: ArgumentValues(arguments))
        if !self.announcements.append(emission, on: self) { self.count(\.announcementDrops) }
    }

    /// The mirrored events in the history, for a node that joins late.
    public func historySnapshot() -> [EventRecord] {
        self.state.withLock { $0.history.all { $0.sequence != nil } }
    }

    /// Puts another member's history before this one's, as far as there is room.
    ///
    /// Handlers run for it only if they were registered with `replay: true`.
    public func seedHistory(_ records: [EventRecord]) {
        let allowed = records.filter(\.name.isMirrored)
        if allowed.count < records.count { self.count(\.refusedRemote, by: records.count - allowed.count) }
        self.state.withLock { $0.history.prepend(allowed) }
        for record in allowed {
            let listeners = self.listeners(for: record.name).filter(\.wantsReplay)
            self.replay([record], to: listeners)
        }
    }

    func listeners(for name: EventName) -> [Listener] {
        self.state.withLock { $0.registry.listeners(for: name) }
    }

    /// Calls listeners for events of the past.
    func replay(_ records: [EventRecord], to listeners: [Listener]) {
        let origin = self.state.withLock { $0.origin }
        for record in records {
            var report = EmitReport()
            self.dispatchSync(Emission(record, isRemote: record.origin != origin), to: listeners, &report)
        }
    }
}
