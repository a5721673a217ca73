// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

import Locking
import Synchronization
public import WeftValue

extension EventBus {
    /// Emits an event here and, once this bus is mirrored, on all other nodes, and waits for the handlers here.
    ///
    /// Synchronous handlers run at once, asynchronous ones are begun in their place in the order and then run side by
    /// side; they keep the emitter's task-locals. Handlers on other nodes are not waited for. A name that may not be
    /// emitted is refused, with the reason in the report.
    ///
    /// - Returns: Who listened, what failed, and the event's number in this node's stream.
    @discardableResult
    @inlinable
    public func emit<each Argument>(
        _ key: EventKey<repeat each Argument>, _ argument: repeat each Argument
    ) async -> EmitReport {
        await self.emit(key.name, ArgumentBox(repeat each argument), isLocalOnly: false)
    }

    /// Emits an event here and on all other nodes without waiting for asynchronous handlers.
    ///
    /// Synchronous handlers run at once; asynchronous ones get the event through their mailboxes. Works anywhere, also
    /// where nothing can be awaited.
    @discardableResult
    @inlinable
    public func emitSync<each Argument>(
        _ key: EventKey<repeat each Argument>, _ argument: repeat each Argument
    ) -> EmitReport {
        self.emitSync(key.name, ArgumentBox(repeat each argument), isLocalOnly: false)
    }

    /// Emits an event in this process only, and waits for its handlers.
    @discardableResult
    @inlinable
    public func emitLocal<each Argument>(
        _ key: EventKey<repeat each Argument>, _ argument: repeat each Argument
    ) async -> EmitReport {
        await self.emit(key.name, ArgumentBox(repeat each argument), isLocalOnly: true)
    }

    /// Emits an event in this process only, without waiting for asynchronous handlers.
    @discardableResult
    @inlinable
    public func emitLocalSync<each Argument>(
        _ key: EventKey<repeat each Argument>, _ argument: repeat each Argument
    ) -> EmitReport {
        self.emitSync(key.name, ArgumentBox(repeat each argument), isLocalOnly: true)
    }

    /// Emits an event whose name and arguments are known only at run time.
    @discardableResult
    public func emit(_ name: EventName, values: [Value]) async -> EmitReport {
        await self.emit(name, ArgumentValues(values), isLocalOnly: false)
    }

    /// Emits an event whose name and arguments are known only at run time, without waiting for asynchronous handlers.
    @discardableResult
    public func emitSync(_ name: EventName, values: [Value]) -> EmitReport {
        self.emitSync(name, ArgumentValues(values), isLocalOnly: false)
    }

    @usableFromInline
    func emit(_ name: EventName, _ source: any ArgumentSource, isLocalOnly: Bool) async -> EmitReport {
        guard name.mayBeEmitted else { return self.refuse(name) }
        if let port = self.port(for: name, isLocalOnly: isLocalOnly) { await port.waitForRoom() }
        var report = EmitReport()
        let begun = self.begin(name, source, isLocalOnly: isLocalOnly, &report)
        if begun.isUnhandledError { self.unhandled(begun.emission) }
        await self.dispatch(begun.emission, to: begun.listeners, &report)
        return report
    }

    @usableFromInline
    func emitSync(_ name: EventName, _ source: any ArgumentSource, isLocalOnly: Bool) -> EmitReport {
        guard name.mayBeEmitted else { return self.refuse(name) }
        if let port = self.port(for: name, isLocalOnly: isLocalOnly) { port.waitForRoomBlocking() }
        var report = EmitReport()
        let begun = self.begin(name, source, isLocalOnly: isLocalOnly, &report)
        if begun.isUnhandledError { self.unhandled(begun.emission) }
        self.dispatchSync(begun.emission, to: begun.listeners, &report)
        return report
    }

    /// The port that an event will go to.
    private func port(for name: EventName, isLocalOnly: Bool) -> (any EventPort)? {
        guard !isLocalOnly, name.isMirrored, self.hasPort.load(ordering: .acquiring) else { return nil }
        return self.state.withLock { $0.port }
    }
}
