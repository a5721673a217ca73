// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0

public import WeftValue

// Events of one argument: the same as those of any number, without a parameter pack and, if they are plain values, without
// an object that holds them.
extension EventBus {
    /// Emits an event here and, once this bus is mirrored, on all other nodes, and waits for the handlers here.
    @discardableResult
    @inlinable
    public func emit<First>(_ key: EventKey<First>, _ first: First) async -> EmitReport {
        await self.emitOne(key.name, first, isLocalOnly: false)
    }

    /// Emits an event here and on all other nodes without waiting for asynchronous handlers.
    @discardableResult
    @inlinable
    public func emitSync<First>(_ key: EventKey<First>, _ first: First) -> EmitReport {
        self.emitOneSync(key.name, first, isLocalOnly: false)
    }

    /// Emits an event in this process only, and waits for its handlers.
    @discardableResult
    @inlinable
    public func emitLocal<First>(_ key: EventKey<First>, _ first: First) async -> EmitReport {
        await self.emitOne(key.name, first, isLocalOnly: true)
    }

    /// Emits an event in this process only, without waiting for asynchronous handlers.
    @discardableResult
    @inlinable
    public func emitLocalSync<First>(_ key: EventKey<First>, _ first: First) -> EmitReport {
        self.emitOneSync(key.name, first, isLocalOnly: true)
    }

    @inlinable
    func beginOne<First: Codable & Sendable>(
        _ name: EventName, _ first: First, isLocalOnly: Bool, _ report: inout EmitReport
    ) -> BegunAtOnce? {
        guard let size = ArgumentCoding.size(of: first), size < Defaults.copiedBytes else { return nil }
        return self.beginAtOnce(name, size: size &+ 1, isLocalOnly: isLocalOnly, &report) { writer in
            writer.writeArrayHeader(1)
            try? ArgumentCoding.write(first, to: &writer)
        }
    }

    @inlinable
    func emitOneSync<First: Codable & Sendable>(
        _ name: EventName, _ first: First, isLocalOnly: Bool
    ) -> EmitReport {
        var report = EmitReport()
        guard let begun = self.beginOne(name, first, isLocalOnly: isLocalOnly, &report) else {
            return self.emitSync(name, ArgumentBox(first), isLocalOnly: isLocalOnly)
        }
        var (index, called, delivered) = (0, 0, 0)
        while index < begun.listeners.count {
            let listener = begun.listeners[index]
            if listener.isForLocal {
                guard let target = listener.target as? SyncHandlerOfOne<First> else {
                    report.count(called: called, delivered: delivered)
                    self.continueSync(begun, at: index, ArgumentBox(first), &report)
                    return report
                }
                called &+= 1
                do {
                    if !listener.isOnce || self.claim(listener) {
                        try target.handler(first)
                        delivered &+= 1
                    }
                } catch {
                    report.count(called: called, delivered: delivered)
                    self.continueSync(begun, at: index &+ 1, after: error, ArgumentBox(first), &report)
                    return report
                }
            }
            index &+= 1
        }
        report.count(called: called, delivered: delivered)
        return report
    }

    @inlinable
    func emitOne<First: Codable & Sendable>(
        _ name: EventName, _ first: First, isLocalOnly: Bool
    ) async -> EmitReport {
        var report = EmitReport()
        guard let begun = self.beginOne(name, first, isLocalOnly: isLocalOnly, &report) else {
            return await self.emit(name, ArgumentBox(first), isLocalOnly: isLocalOnly)
        }
        var (index, called, delivered) = (0, 0, 0)
        while index < begun.listeners.count {
            let listener = begun.listeners[index]
            index &+= 1
            guard listener.isForLocal else { continue }
            do {
                if let target = listener.target as? SyncHandlerOfOne<First> {
                    called &+= 1
                    if !listener.isOnce || self.claim(listener) {
                        try target.handler(first)
                        delivered &+= 1
                    }
                } else if index == begun.listeners.count,
                    let target = listener.target as? AsyncHandlerOfOne<First>
                {
                    // Others that come after it would have to begin before it ends.
                    called &+= 1
                    if !listener.isOnce || self.claim(listener) {
                        try await target.handler(first)
                        delivered &+= 1
                    }
                } else {
                    report.count(called: called, delivered: delivered)
                    return await self.continueEmit(begun, at: index &- 1, ArgumentBox(first), report)
                }
            } catch {
                report.count(called: called, delivered: delivered)
                return await self.continueEmit(begun, at: index, after: error, ArgumentBox(first), report)
            }
        }
        report.count(called: called, delivered: delivered)
        return report
    }
}
