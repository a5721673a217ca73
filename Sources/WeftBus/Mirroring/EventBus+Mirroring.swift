// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Synchronization
public import WeftValue

extension EventBus {
    /// Plugs in what mirrors this bus; from now on emits go there, too, and carry this origin.
    ///
    /// One port at a time: another one takes the place of the first.
    public func attach(_ port: any EventPort, origin: NodeID) {
        // The former port leaves the lock first: it may be the last reference, and its deinit may use the bus.
        let former = self.state.withLock { state in
            defer {
                state.port = port
                state.origin = origin
                self.hasPort.store(true, ordering: .releasing)
            }
            return state.port
        }
        withExtendedLifetime(former) {}
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
        for record in self.mirrored(batch) {
            let listeners = self.take(record)
            if !listeners.isEmpty { await self.handOver(Emission(record, isRemote: true), to: listeners) }
        }
    }

    /// Delivers events of other nodes without waiting: for those that have synchronous listeners only.
    package func deliverSync(_ batch: [EventRecord]) {
        for record in self.mirrored(batch) {
            var report = EmitReport()
            let listeners = self.take(record)
            self.dispatchSync(Emission(record, isRemote: true), to: listeners, &report)
        }
    }

    /// Puts another node's event into the history.
    ///
    /// - Returns: Who listens at this moment.
    private func take(_ record: EventRecord) -> [Listener] {
        self.state.withLockInlined { state in
            state.counters.received &+= 1
            if self.configuration.historyEvents > 0 {
                let dropped = state.history.append(
                    name: record.name, origin: record.origin, sequence: record.sequence,
                    microseconds: record.microsecondsSince1970, isRemote: true,
                    EventArguments(encoded: record.encodedArguments))
                state.counters.historyByteDrops &+= UInt64(truncatingIfNeeded: dropped)
            }
            return state.registry.listeners(for: record.name)
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

    /// Emits one of Weft's own events about another node's stream: in this process only, not in the history.
    ///
    /// Waits as ``deliver(_:)`` does, so a listener gets it after what was delivered of that origin before, and before
    /// what is delivered after it.
    ///
    /// - Parameters:
    ///   - name: A `weft:*` name.
    ///   - arguments: What to say.
    ///   - origin: Whose stream it is about.
    @concurrent
    public func announce(_ name: EventName, _ arguments: [Value], inStreamOf origin: NodeID) async {
        let (listeners, own) = self.state.withLock { ($0.registry.listeners(for: name), $0.origin) }
        guard !listeners.isEmpty else { return }
        await self.handOver(
            Emission(name: name, origin: own, source: ArgumentValues(arguments), lane: origin), to: listeners)
    }

    /// The mirrored events in the history, for a node that joins late.
    public func historySnapshot() -> [EventRecord] {
        Self.records(self.state.withLock { $0.history.all { $1 } })
    }

    /// Puts another member's history before this one's, as far as there is room.
    ///
    /// Handlers run for it only if they were registered with `replay: true`.
    public func seedHistory(_ records: [EventRecord]) {
        let allowed = self.mirrored(records).map { $0.detached() }
        // In one step, so that a listener registered meanwhile gets them either from the history or from here.
        let replays = self.state.withLock { state in
            state.history.prepend(allowed)
            return allowed.map { ($0, state.registry.listeners(for: $0.name).filter(\.wantsReplay)) }
        }
        for (record, listeners) in replays where !listeners.isEmpty {
            self.replay([Emission(record, isRemote: true)], to: listeners)
        }
    }

    /// What other nodes may send; the rest is counted.
    private func mirrored(_ records: [EventRecord]) -> [EventRecord] {
        guard records.contains(where: { !$0.name.isMirrored }) else { return records }
        let allowed = records.filter(\.name.isMirrored)
        self.count(\.refusedRemote, by: records.count - allowed.count)
        return allowed
    }

    func listeners(for name: EventName) -> [Listener] {
        self.state.withLock { $0.registry.listeners(for: name) }
    }

    /// Calls listeners for events of the past.
    func replay(_ emissions: [Emission], to listeners: [Listener]) {
        for emission in emissions {
            var report = EmitReport()
            self.dispatchSync(emission, to: listeners, &report)
        }
    }
}
